//! Writes items of deterministic CBOR one after the other: every head in its shortest form. That counts are kept and keys
//! sorted is left to the caller.

#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn map(&mut self, entries: usize) {
        self.head(5, entries as u64);
    }

    pub(crate) fn list(&mut self, items: usize) {
        self.head(4, items as u64);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Text made of a prefix and the lower-case hexadecimal digits of 32 bytes, without going through a string.
    pub(crate) fn hex(&mut self, prefix: &str, bytes: &[u8; 32]) {
        // By arithmetic, not from a table: this runs four times a file and so becomes vector instructions.
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 0x0f);
        }
        self.head(3, (prefix.len() + digits.len()) as u64);
        self.0.extend_from_slice(prefix.as_bytes());
        self.0.extend_from_slice(&digits);
    }

    pub(crate) fn unsigned(&mut self, int: u64) {
        self.head(0, int);
    }

    pub(crate) fn int(&mut self, int: i64) {
        // A negative integer is kept as −1 − n, which is its complement.
        if int < 0 { self.head(1, (!int).cast_unsigned()) } else { self.head(0, int.cast_unsigned()) }
    }

    pub(crate) fn bool(&mut self, bool: bool) {
        self.0.push(if bool { 0xf5 } else { 0xf4 });
    }

    pub(crate) fn null(&mut self) {
        self.0.push(0xf6);
    }

    /// Items that are encoded already.
    pub(crate) fn raw(&mut self, encoded: &[u8]) {
        self.0.extend_from_slice(encoded);
    }

    #[expect(clippy::cast_possible_truncation, reason = "each arm takes only what fits")]
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        match argument {
            0..=23 => self.0.push(major + argument as u8),
            24..=0xff => self.0.extend_from_slice(&[major + 24, argument as u8]),
            0x100..=0xffff => {
                self.0.push(major + 25);
                self.0.extend_from_slice(&(argument as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.0.push(major + 26);
                self.0.extend_from_slice(&(argument as u32).to_be_bytes());
            }
            _ => {
                self.0.push(major + 27);
                self.0.extend_from_slice(&argument.to_be_bytes());
            }
        }
    }
}
