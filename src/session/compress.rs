//! Makes the readable part of a session smaller. No secret is ever in it: one that is compressed together with text of others can be found
//! out by the length (CRIME).

use std::{borrow::Cow, cell::RefCell};

use miniz_oxide::{
    deflate,
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};
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

/// zlib's best: the sizes of cookies go by it.
const DEFLATE_LEVEL: u8 = 9;

/// By how much deflate makes the claims of a user in many organizations shorter, rounded up.
const USUAL_RATIO: usize = 4;

thread_local! {
    /// Its tables have 11 kB, which are not made again for each session. No text stays in them.
    static INFLATER: RefCell<Box<DecompressorOxide>> = RefCell::default();
}

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
        match level {
            CompressionLevel::Fast => {
                Self::Lz4(text.len(), lz4_flex::block::compress_with_dict(text, DICTIONARY).into())
            }
            CompressionLevel::Small => Self::Deflate(deflate::compress_to_vec(text, DEFLATE_LEVEL).into()),
        }
    }

    /// Whether it is compressed as far as it can be.
    pub(super) fn is_small(&self) -> bool {
        matches!(self, Self::Deflate(_))
    }

    /// `None` for what was not made here.
    pub(super) fn text(&self) -> Option<Vec<u8>> {
        match self {
            Self::Lz4(length, _) if *length > MAX_TEXT_BYTES => None,
            Self::Lz4(length, block) => lz4_flex::block::decompress_with_dict(block, *length, DICTIONARY).ok(),
            Self::Deflate(stream) => {
                let of_thread =
                    INFLATER.try_with(|inflater| Some(inflate(&mut *inflater.try_borrow_mut().ok()?, stream)));
                // If the tables of the thread cannot be had, others are made: that is no reason to end a session.
                of_thread.ok().flatten().unwrap_or_else(|| inflate(&mut DecompressorOxide::default(), stream))
            }
        }
    }
}

/// In one call where the text is not longer than is usual; else the vector grows. `None` for a text that is too long.
fn inflate(inflater: &mut DecompressorOxide, stream: &[u8]) -> Option<Vec<u8>> {
    inflater.init();
    let mut text = vec![0; stream.len().saturating_mul(USUAL_RATIO).min(MAX_TEXT_BYTES)];
    let (mut read, mut written) = (0_usize, 0_usize);
    loop {
        let input = stream.get(read..)?;
        let (status, consumed, produced) =
            decompress(inflater, input, &mut text, written, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        (read, written) = (read.saturating_add(consumed), written.saturating_add(produced));
        match status {
            TINFLStatus::Done => {
                text.truncate(written);
                return Some(text);
            }
            TINFLStatus::HasMoreOutput if text.len() < MAX_TEXT_BYTES => {
                text.resize(text.len().saturating_mul(2).min(MAX_TEXT_BYTES), 0);
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
    fn a_stream_that_grows_without_end_is_refused() {
        for level in [CompressionLevel::Fast, CompressionLevel::Small] {
            let text = |bytes| Compressed::of(&vec![b'a'; bytes], level).text();
            assert_eq!(text(MAX_TEXT_BYTES).map(|text| text.len()), Some(MAX_TEXT_BYTES), "{level:?}");
            assert_eq!(text(MAX_TEXT_BYTES + 1), None, "{level:?}");
        }
    }

    /// The cookies of users in many organizations stay as short as they were.
    #[test]
    fn deflate_makes_what_zlib_makes_at_its_best() {
        let roles = (0..400_u32).map(|n| format!("{:08x}:member", n.wrapping_mul(0x9e37_79b9)));
        let text = roles.collect::<Vec<_>>().join(",");
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        let Compressed::Deflate(stream) = Compressed::of(text.as_bytes(), CompressionLevel::Small) else { panic!() };
        assert_eq!(stream, encoder.finish().unwrap());
    }
}
