//! The outer levels of Apple's signatures, which are BER with indefinite lengths.
//!
//! Apple writes the levels around certificates and signer in BER, everything inside them in DER. Their structure is known beforehand, so
//! they need no general reader: each level is opened with the one tag that may stand there, and closed where its content ends. Whatever
//! has content of its own is handed out as exact bytes, for a reader of DER. (`der` has BER too, but it takes primitive and constructed
//! forms for one another, and certificates would have to be encoded anew to get their bytes.)
//!
//! Source: ITU-T X.690 (02/2021), 8.1.3 lengths, 8.1.5 end-of-contents octets, 10.1 definite lengths in DER.

/// Reads from the front of some bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

/// The bytes are not what has to stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unexpected;

/// A length as it stands in the bytes.
enum Length {
    Definite(usize),
    /// Until the end-of-contents octets.
    Indefinite,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Goes into a level with this tag, reads its content, and requires that it is the whole content.
    pub(super) fn level<T>(
        &mut self,
        tag: u8,
        read: impl FnOnce(&mut Self) -> Result<T, Unexpected>,
    ) -> Result<T, Unexpected> {
        self.expect(&[tag])?;
        match self.length()? {
            Length::Definite(len) => {
                let mut inside = Self(self.take(len)?);
                let content = read(&mut inside)?;
                inside.finish()?;
                Ok(content)
            }
            Length::Indefinite => {
                let content = read(self)?;
                self.expect(&[0, 0])?;
                Ok(content)
            }
        }
    }

    /// One whole element with this tag and a definite length, head included.
    pub(super) fn element(&mut self, tag: u8) -> Result<&'a [u8], Unexpected> {
        let start = self.0;
        self.expect(&[tag])?;
        let Length::Definite(len) = self.length()? else { return Err(Unexpected) };
        self.take(len)?;
        let len = start.len() - self.0.len();
        start.get(..len).ok_or(Unexpected)
    }

    /// Exactly these bytes.
    pub(super) fn expect(&mut self, bytes: &[u8]) -> Result<(), Unexpected> {
        self.0 = self.0.strip_prefix(bytes).ok_or(Unexpected)?;
        Ok(())
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), Unexpected> {
        if self.0.is_empty() { Ok(()) } else { Err(Unexpected) }
    }

    /// A definite length has to be as short as DER wants it, with at most two bytes of its own: a signature has less than 64 KiB.
    fn length(&mut self) -> Result<Length, Unexpected> {
        let len = match self.byte()? {
            0x80 => return Ok(Length::Indefinite),
            short @ ..0x80 => usize::from(short),
            0x81 => match self.byte()? {
                len @ 0x80.. => usize::from(len),
                _ => return Err(Unexpected),
            },
            0x82 => match [self.byte()?, self.byte()?] {
                [0, _] => return Err(Unexpected),
                len => usize::from(u16::from_be_bytes(len)),
            },
            _ => return Err(Unexpected),
        };
        Ok(Length::Definite(len))
    }

    fn byte(&mut self) -> Result<u8, Unexpected> {
        let (first, rest) = self.0.split_first().ok_or(Unexpected)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], Unexpected> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Unexpected)?;
        self.0 = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner(bytes: &[u8]) -> Result<&[u8], Unexpected> {
        let mut reader = Reader::new(bytes);
        let element = reader.level(0x30, |level| level.element(0x04))?;
        reader.finish()?;
        Ok(element)
    }

    #[test]
    fn a_level_may_have_either_kind_of_length() {
        assert_eq!(inner(&[0x30, 3, 4, 1, 7]), Ok(&[4, 1, 7][..]));
        assert_eq!(inner(&[0x30, 0x80, 4, 1, 7, 0, 0]), Ok(&[4, 1, 7][..]));
    }

    #[test]
    fn a_level_ends_where_its_content_ends() {
        for bytes in [
            &[0x30, 4, 4, 1, 7, 9][..],
            &[0x30, 2, 4, 1, 7],
            &[0x30, 3, 4, 1, 7, 9],
            &[0x30, 0x80, 4, 1, 7],
            &[0x30, 0x80, 4, 1, 7, 0],
            &[0x30, 0x80, 4, 1, 7, 0, 1],
            &[0x30, 0x80, 4, 1, 7, 0, 0, 0],
            &[0x30],
            &[],
        ] {
            assert_eq!(inner(bytes), Err(Unexpected), "{bytes:?}");
        }
    }

    #[test]
    fn content_has_a_definite_length_and_that_the_short_way() {
        let long = |head: &[u8], len| [head, &vec![0; len]].concat();
        for (head, len, good) in [
            (&[4, 0x81, 0x80][..], 0x80, true),
            (&[4, 0x82, 1, 0], 0x100, true),
            (&[4, 0x81, 0x7f], 0x7f, false),
            (&[4, 0x82, 0, 0xff], 0xff, false),
            (&[4, 0x83, 1, 0, 0], 0x1_0000, false),
            (&[4, 0x80], 2, false),
            (&[4, 0xff], 0, false),
            (&[0x24, 0], 0, false),
        ] {
            let bytes = long(head, len);
            assert_eq!(Reader::new(&bytes).element(4).is_ok(), good, "{head:?}");
        }
    }
}
