//! Directory of users: by id, or those whose email or username begins with a text. A page is read by an index, and tells where the
//! next begins.

use super::user_view;
use crate::store::db::run;
use crate::store::{Batch, DbError, Param};

/// The most usernames that a page of a search looks at. Those of users whose email begins with the text too were listed before and
/// are left out, so a page may be shorter; it reads fewer than 20 rows that it does not give.
const USERNAMES: i64 = 16;

/// The most users that a search by state looks at, twice, so that none keeps the database from others for long.
const WITH_STATE: i64 = 500;

/// Characters of the longest email or username.
const MAX_CHARS: usize = 255;

/// The greatest integer that D1 keeps exact.
const MAX_ID: i64 = (1 << 53) - 1;

/// State of users that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Active.
    Active,
    /// Deactivated.
    Inactive,
    /// Members of staff, by either flag.
    Staff,
}

impl State {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Active, Self::Inactive, Self::Staff];

    /// Name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Staff => "staff",
        }
    }

    /// SQL condition over rows of `users`.
    const fn condition(self) -> &'static str {
        match self {
            Self::Active => "is_active",
            Self::Inactive => "NOT is_active",
            Self::Staff => super::IS_STAFF,
        }
    }

    /// Index of the users of this state, if they are few.
    const fn index(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Inactive => Some("users_inactive"),
            Self::Staff => Some("users_of_staff"),
        }
    }
}

/// Order of a part of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By id, descending: without a text.
    Id,
    /// Emails that begin with the text.
    Email,
    /// Usernames that begin with the text.
    Username,
}

impl Order {
    const fn column(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Email => "email",
            Self::Username => "username",
        }
    }
}

/// Place in the list: after the user with this value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Part of the list.
    pub order: Order,
    /// The value of its column; empty for the beginning.
    pub after: String,
}

/// Users that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Text with which the email or the username begins, or the id; all users without one.
    pub text: Option<String>,
    /// State; any without one.
    pub state: Option<State>,
    /// Beginning of the page; that of the list without one.
    pub place: Option<Place>,
    /// The most users of the page.
    pub limit: i64,
}

/// Page of the list.
pub struct Page {
    /// Users, an array in JSON.
    pub users: String,
    /// Beginning of the next page, if there may be one.
    pub next: Option<Place>,
}

/// Lists users. A text that is an id finds that user first; each user is found once.
pub async fn list(db: &impl Batch, search: &Search) -> Result<Page, DbError> {
    let text = search.text.as_deref();
    let id = text
        .filter(|text| text.bytes().all(|c| c.is_ascii_digit()))
        .and_then(|text| text.parse::<i64>().ok());
    let id = id.filter(|id| *id <= MAX_ID);
    let first = if text.is_some() { Order::Email } else { Order::Id };
    let place = search.place.clone().unwrap_or(Place { order: first, after: String::new() });
    let mut users = Users { json: String::new(), left: search.limit };
    if let Some(id) = id.filter(|_| search.place.is_none()) {
        let condition = search.state.map_or("true", State::condition);
        let sql = format!("SELECT {} FROM users WHERE id = ?1 AND {condition}", user_view(""));
        if let Some(mut row) = db.first(&sql, &[id.into()]).await? {
            users.add(&row.text()?, 1);
        }
    }
    let mut part = Some(place);
    while let Some(place) = part {
        if users.left <= 0 {
            return Ok(users.page(Some(place)));
        }
        let (order, is_first_part) = (place.order, place.order == Order::Email);
        if let Some(after) = list_part(db, search, id, &place, &mut users).await? {
            return Ok(users.page(Some(Place { order, after })));
        }
        part = is_first_part.then(|| Place { order: Order::Username, after: String::new() });
    }
    Ok(users.page(None))
}

/// Users of a page that were found so far.
struct Users {
    /// Objects in JSON, with commas between.
    json: String,
    /// The most that may be added.
    left: i64,
}

impl Users {
    fn add(&mut self, json: &str, count: i64) {
        if count > 0 {
            if !self.json.is_empty() {
                self.json.push(',');
            }
            self.json.push_str(json);
            self.left -= count;
        }
    }

    fn page(self, next: Option<Place>) -> Page {
        Page { users: ["[", &self.json, "]"].concat(), next }
    }
}

/// Adds users of one part of the list, and gives the value after which the part goes on, if it does.
async fn list_part(
    db: &impl Batch,
    Search { text, state, .. }: &Search,
    id: Option<i64>,
    Place { order, after }: &Place,
    users: &mut Users,
) -> Result<Option<String>, DbError> {
    let search = Part { order: *order, is_begun: !after.is_empty(), state: *state };
    // A search by state looks at many, for few.
    let looked_at = match order {
        _ if search.is_window() => WITH_STATE,
        Order::Username => users.left.min(USERNAMES),
        Order::Id | Order::Email => users.left,
    };
    let text = text.as_deref().unwrap_or_default();
    let end = [text, &"\u{10ffff}".repeat(MAX_CHARS)].concat(); // greater than all that begins with the text
    let params: [Param<'_>; 6] = [
        after.as_str().into(),
        text.into(),
        id.into(),
        looked_at.into(),
        users.left.into(),
        end.as_str().into(),
    ];
    let row = run(db, vec![search.statement()], params.to_vec()).await?;
    let mut row = row.ok_or_else(|| DbError::Decode("SELECT count(*) gave no row".to_owned()))?;
    let (list, count) = (row.text()?, row.integer()?);
    let objects = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    users.add(objects.unwrap_or_default(), count);
    row.optional_text()
}

/// Part of a list, as its statement depends on it.
struct Part {
    order: Order,
    is_begun: bool,
    state: Option<State>,
}

impl Part {
    /// Index by which it is read, beside those of its column.
    fn index(&self) -> Option<&'static str> {
        self.state.and_then(State::index).filter(|_| self.order == Order::Id)
    }

    /// Tells whether it looks at users of other states too.
    fn is_window(&self) -> bool {
        self.state.is_some() && self.index().is_none()
    }

    /// SQL query: users, their number, and the value after which the part goes on. The parameters are the value before, the text, the
    /// id that was listed first, the most users to look at, the most to list, and an end of what begins with the text.
    fn statement(&self) -> String {
        let Self { order, is_begun, state } = *self;
        let condition = state.map_or("true", State::condition);
        let index = self.index();
        let column = order.column();
        // One bound, from which the index is read.
        let beyond = |after: &str| match order {
            Order::Id => format!("id < CAST({after} AS INTEGER)"),
            Order::Email | Order::Username => format!("{column} > {after}"),
        };
        let end = format!("{column} < ?6 AND id IS NOT ?3");
        let range = |beyond: &str| match order {
            Order::Id => format!("{beyond} AND {}", if index.is_some() { condition } else { "true" }),
            Order::Email | Order::Username => format!("{beyond} AND {end}"),
        };
        let begin = match (order, is_begun) {
            (_, true) => beyond("?1"),
            (Order::Id, false) => "true".to_owned(),
            (Order::Email | Order::Username, false) => format!("{column} >= ?2"),
        };
        let (order_by, last) = match order {
            Order::Id => ("id DESC", "min(id)"),
            Order::Email => ("email", "max(email)"),
            Order::Username => ("username", "max(username)"),
        };
        let is_new = match order {
            Order::Username => "NOT (email >= ?2 AND email < ?6)",
            Order::Id | Order::Email => "true",
        };
        let indexed = index.map_or(String::new(), |index| [" INDEXED BY ", index].concat());
        let from = format!("FROM users{indexed} WHERE");
        let window = format!("SELECT * {from} {} ORDER BY {order_by} LIMIT ?4", range(&begin));
        let view = user_view("");
        // Not ordered again: rows of a subquery with a limit come in its order.
        if self.is_window() {
            format!(
                "SELECT json_group_array(json({view})) AS list, count(*) AS count, CAST(iif(count(*) = ?5, {last}, \
                 (SELECT {last} FROM ({window}) HAVING count(*) = ?4)) AS TEXT) AS next \
                 FROM (SELECT * FROM ({window}) WHERE {condition} AND {is_new} LIMIT ?5)"
            )
        } else {
            let is_more = format!("EXISTS (SELECT 1 {from} {})", range(&beyond("last")));
            format!(
                "SELECT list, count, iif(looked_at = ?4 AND {is_more}, CAST(last AS TEXT), NULL) AS next \
                 FROM (SELECT json_group_array(json({view})) FILTER (WHERE {is_new}) AS list, \
                 count(*) FILTER (WHERE {is_new}) AS count, count(*) AS looked_at, {last} AS last FROM ({window}))"
            )
        }
    }
}
