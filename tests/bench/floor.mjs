// The least that an account API does for a request: it reads one row by its id and answers it as JSON.

const SQL = "SELECT id, email, username, bio, image, is_active FROM users WHERE id = ?1";

export default {
  async fetch(_request, { DB }) {
    const user = await DB.prepare(SQL).bind(1).first();
    return Response.json({ user });
  },
};
