//! Compression at build time, so that the server need not and the ratio is the best there is.

use anyhow::Result;
use std::io::Write;

/// The content under brotli's best quality.
///
/// # Errors
/// Never in practice: it writes to memory.
pub fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
    Ok(compressed)
}

/// The content under gzip's best level.
///
/// # Errors
/// Never in practice: it writes to memory.
pub fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn both_give_back_what_they_took() {
        let content = b"plate, plate, plate".repeat(50);

        let mut plain = Vec::new();
        let compressed = brotli(&content).unwrap();
        brotli::BrotliDecompress(&mut &*compressed, &mut plain).unwrap();
        assert_eq!(plain, content);

        plain.clear();
        let compressed = gzip(&content).unwrap();
        flate2::read::GzDecoder::new(&*compressed)
            .read_to_end(&mut plain)
            .unwrap();
        assert_eq!(plain, content);
    }
}
