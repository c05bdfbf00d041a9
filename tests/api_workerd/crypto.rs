//! Cryptography of the platform: WebCrypto, as the Worker calls it, and the host's agree.

use serde_json::{Value, json};

use crate::api::vectors::{Sealed, Signed, base64, changed, sealed, signed};
use crate::api::{Request, Vars};
use crate::server::Server;

/// Calls functions of `src/worker/crypto.ts`, and gives what each gives.
fn call(calls: &[Value]) -> Vec<Value> {
    let server = Server::new(Some("tests/api_workerd/crypto.mjs"), &Vars::new());
    let answer = server.send_unchecked(&Request::post("/", &json!(calls).to_string()));
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn bytes(bytes: &[u8]) -> Value {
    json!({ "bytes": base64(bytes) })
}

#[test]
fn the_signatures_of_the_specification_are_verified() {
    let vectors = signed();
    let (mut calls, mut expected) = (Vec::new(), Vec::new());
    for Signed { algorithm, key, signature, message } in &vectors {
        let mut verify = |key: &[u8], signature: &[u8], message: &[u8], is_good: bool| {
            let parts = (algorithm.number(), bytes(key), bytes(signature), bytes(message));
            calls.push(json!(["verifySignature", parts.0, parts.1, parts.2, parts.3]));
            expected.push(is_good);
        };
        verify(key, signature, message, true);
        for other in vectors.iter().filter(|other| other.key != *key) {
            verify(&other.key, signature, message, false);
        }
        for at in 0..signature.len() {
            verify(key, &changed(signature, at), message, false);
        }
        for at in 0..message.len() {
            verify(key, signature, &changed(message, at), false);
        }
        for at in 0..key.len() {
            verify(&changed(key, at), signature, message, false);
        }
        let longer = [signature, &[0][..]].concat();
        for signature in [&[][..], &signature[1..], &signature[..signature.len() - 1], &longer] {
            verify(key, signature, message, false);
        }
        verify(&[], signature, message, false);
        verify(&key[..key.len() - 1], signature, message, false);
    }
    let wrong =
        call(&calls).into_iter().zip(expected).zip(&calls).find(|((found, is_good), _)| found != is_good);
    assert_eq!(wrong, None);
}

#[test]
fn what_the_host_encrypts_is_decrypted() {
    let Sealed { key, nonce, text, context, encrypted } = sealed();
    let decrypt = |key: &[u8], nonce: &[u8], encrypted: &[u8], context: &str| {
        json!(["decrypt", bytes(key), bytes(nonce), bytes(encrypted), context])
    };
    let mut calls = vec![
        json!(["encrypt", bytes(&key), bytes(&nonce), bytes(&text), context]),
        decrypt(&key, &nonce, &encrypted, &context),
        decrypt(&key, &nonce, &encrypted, "another place"),
        decrypt(&changed(&key, 0), &nonce, &encrypted, &context),
        decrypt(&key, &changed(&nonce, 0), &encrypted, &context),
        decrypt(&key, &nonce, &[], &context),
    ];
    for at in 0..encrypted.len() {
        calls.push(decrypt(&key, &nonce, &changed(&encrypted, at), &context));
        calls.push(decrypt(&key, &nonce, &encrypted[..at], &context));
    }
    let results = call(&calls);
    assert_eq!(results[..2], [bytes(&encrypted), bytes(&text)]);
    assert_eq!(results[2..], vec![Value::Null; calls.len() - 2]);
}
