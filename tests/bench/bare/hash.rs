/// One hash with the parameters that Latchkey has by default.
pub fn compute() -> [u8; 64] {
    let mut output = [0; 64];
    pbkdf2::pbkdf2_hmac::<sha2::Sha512>(b"correct horse", b"salt of 22 characters.", 220_000, &mut output);
    output
}
