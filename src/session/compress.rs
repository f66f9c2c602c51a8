//! Makes the readable part of a session smaller. No secret is ever in it: one that is compressed together with text of others can be found
//! out by the length (CRIME).

use std::{
    borrow::Cow,
    io::{Read, Write},
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize};

/// Far above any claims that fit four cookies; keeps a crafted stream from filling the memory.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// What Logto's tokens say of everybody, in the order in which they say it. Part of the session's layout: another text is another layout.
const DICTIONARY: &[u8] = b"{\"jti\":\"\",\"iat\":179,\"exp\":179,\"scope\":\"\",\"client_id\":\"\
    openid offline_access profile email phone roles urn:logto:scope:organizations urn:logto:scope:organization_roles \
    custom_data identities read: write: delete: urn:logto:resource:organizations urn:logto:organization:\
    {\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"{\"alg\":\"ES384\",\"kid\":\"{\"alg\":\"RS256\",\"kid\":\"\
    \"sid\":\"\",\"auth_time\":179\",\"acr\":\"\"amr\":[\"\",\"at_hash\":\"\
    {\"sub\":\"\",\"name\":\"\",\"family_name\":\"\",\"given_name\":\"\",\"preferred_username\":\"\",\"picture\":null,\"picture\":\"https://\
    \",\"zoneinfo\":\"\",\"locale\":\"\",\"updated_at\":179,\"username\":null,\"username\":\"\",\"created_at\":179,\"email\":\"\
    \",\"email_verified\":true,\"phone_number\":\"\",\"phone_number_verified\":true,\"roles\":[\"\"],\"roles\":[],\"organizations\":[\
    \"organization_roles\":[],\"organization_roles\":[\":admin\",\":member\"],\"nonce\":\"\
    \",\"aud\":\"https://\",\"exp\":179,\"iat\":179,\"iss\":\"https://.logto.app/oidc\"}";

/// How much time compression may take.
#[derive(Debug, Clone, Copy)]
pub(super) enum CompressionLevel {
    /// LZ4: costs next to nothing, to write and to read, and a session of few claims is half as long.
    Fast,
    /// Deflate: for the many claims that would not fit otherwise.
    Small,
}

#[derive(Serialize, Deserialize)]
pub(super) enum Compressed<'a> {
    /// The length of the text, and its LZ4 block after the dictionary.
    Lz4(usize, #[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>),
    /// A deflate stream (RFC 1951).
    Deflate(#[serde(borrow, with = "serde_bytes")] Cow<'a, [u8]>),
}

impl Compressed<'_> {
    pub(super) fn of(text: &[u8], level: CompressionLevel) -> Self {
        let deflated = || {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(text).and_then(|()| encoder.finish()).ok()
        };
        match level {
            CompressionLevel::Small if let Some(stream) = deflated() => Self::Deflate(stream.into()),
            // A vector takes all that is written to it.
            CompressionLevel::Fast | CompressionLevel::Small => {
                Self::Lz4(text.len(), lz4_flex::block::compress_with_dict(text, DICTIONARY).into())
            }
        }
    }

    /// `None` for what was not made here.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Lz4(length, _) if *length > MAX_TEXT_BYTES => None,
            Self::Lz4(length, block) => lz4_flex::block::decompress_with_dict(block, *length, DICTIONARY).ok(),
            Self::Deflate(stream) => {
                let mut text = Vec::new();
                let limit = u64::try_from(MAX_TEXT_BYTES).ok()?;
                DeflateDecoder::new(&**stream).take(limit).read_to_end(&mut text).ok()?;
                Some(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_intact_compressed_bytes_are_decompressed() {
        let texts = [Vec::new(), b"a".to_vec(), br#"{"sub":"ada","roles":[]}"#.repeat(400), (0..=255).collect()];
        for (level, text) in [CompressionLevel::Fast, CompressionLevel::Small]
            .into_iter()
            .flat_map(|level| texts.iter().map(move |text| (level, text)))
        {
            let compressed = Compressed::of(text, level);
            assert_eq!(compressed.text().as_ref(), Some(text), "{level:?}");
        }
        assert_eq!(Compressed::Lz4(5, b"\xff\xff\xff".into()).text(), None);
        assert_eq!(Compressed::Lz4(usize::MAX, b"\x10a".into()).text(), None);
        assert_eq!(Compressed::Deflate(b"\xff\xff\xff".into()).text(), None);
    }

    #[test]
    fn a_stream_that_grows_without_end_is_cut() {
        let bomb = Compressed::of(&vec![b'a'; 2 * MAX_TEXT_BYTES], CompressionLevel::Small);
        assert_eq!(bomb.text().map(|text| text.len()), Some(MAX_TEXT_BYTES));
        let bomb = Compressed::of(&vec![b'a'; 2 * MAX_TEXT_BYTES], CompressionLevel::Fast);
        assert_eq!(bomb.text(), None);
    }
}
