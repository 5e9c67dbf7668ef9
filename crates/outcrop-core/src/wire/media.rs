//! Pictures, documents, videos, sounds and search results: the blocks that carry other people's content.
//!
//! # Invariants
//! - Bytes are bytes here and base64 on the wire.
//! - Formats that we do not know keep their text.

use crate::wire::{Blob, RawJson};

wire_enum! {
    /// Format of a picture.
    pub enum ImageFormat { Png = "png", Jpeg = "jpeg", Gif = "gif", Webp = "webp" }
}

wire_struct! {
    /// A picture: at most 20 in a message, 3.75 MB and 8000 pixels a side each.
    pub struct ImageBlock {
        required {
            /// Its format.
            format: ImageFormat = "format",
        }
        optional {
            /// Where its bytes are; absent where the model failed to draw it.
            source: MediaSource = "source",
            /// Why there is no picture.
            error: MediaError = "error",
        }
        lists {}
    }
}

wire_struct! {
    /// Why the service has no media to give.
    pub struct MediaError {
        required {}
        optional {
            /// The reason in words.
            message: String = "message",
        }
        lists {}
    }
}

wire_union! {
    /// Where media lie.
    pub enum MediaSource {
        /// Here.
        Bytes(Blob) = "bytes",
        /// In S3.
        S3Location(S3Location) = "s3Location",
    }
}

wire_struct! {
    /// An object in S3.
    pub struct S3Location {
        required {
            /// `s3://bucket/key`, 1 to 1024 characters.
            uri: String = "uri",
        }
        optional {
            /// The 12 digits of the account that owns the bucket.
            bucket_owner: String = "bucketOwner",
        }
        lists {}
    }
}

wire_enum! {
    /// Format of a document.
    pub enum DocumentFormat {
        Pdf = "pdf", Csv = "csv", Doc = "doc", Docx = "docx", Xls = "xls", Xlsx = "xlsx",
        Html = "html", Txt = "txt", Md = "md",
    }
}

wire_struct! {
    /// A document: at most 5 in a message, 4.5 MB each; the message needs a text block too.
    pub struct DocumentBlock {
        required {
            /// 1 to 200 characters: letters, digits, single spaces, hyphens, brackets. The model reads it.
            name: String = "name",
            /// Where its content is.
            source: DocumentSource = "source",
        }
        optional {
            /// Its format.
            format: DocumentFormat = "format",
            /// What the model should know about it.
            context: String = "context",
            /// Whether it is to be cited.
            citations: CitationsConfig = "citations",
        }
        lists {}
    }
}

wire_union! {
    /// Where the content of a document is.
    pub enum DocumentSource {
        /// Here.
        Bytes(Blob) = "bytes",
        /// In S3.
        S3Location(S3Location) = "s3Location",
        /// Plain text.
        Text(String) = "text",
        /// Chunks of text that are cited one by one.
        Content(Vec<DocumentChunk>) = "content",
    }
}

wire_union! {
    /// A chunk of a document.
    pub enum DocumentChunk {
        /// Its text.
        Text(String) = "text",
    }
}

wire_struct! {
    /// Whether something is to be cited.
    pub struct CitationsConfig {
        required {
            /// On or off.
            enabled: bool = "enabled",
        }
        optional {}
        lists {}
    }
}

wire_enum! {
    /// Format of a video.
    pub enum VideoFormat {
        Mkv = "mkv", Mov = "mov", Mp4 = "mp4", Webm = "webm", Flv = "flv", Mpeg = "mpeg", Mpg = "mpg",
        Wmv = "wmv", ThreeGp = "three_gp",
    }
}

wire_struct! {
    /// A video: under 25 MB here, up to 1 GB in S3.
    pub struct VideoBlock {
        required {
            /// Its format.
            format: VideoFormat = "format",
            /// Where its bytes are.
            source: MediaSource = "source",
        }
        optional {}
        lists {}
    }
}

wire_enum! {
    /// Format of a sound.
    pub enum AudioFormat {
        Mp3 = "mp3", Opus = "opus", Wav = "wav", Aac = "aac", Flac = "flac", Mp4 = "mp4", Ogg = "ogg",
        Mkv = "mkv", Mka = "mka", XAac = "x-aac", M4a = "m4a", Mpeg = "mpeg", Mpga = "mpga", Pcm = "pcm",
        Webm = "webm",
    }
}

wire_struct! {
    /// A sound.
    pub struct AudioBlock {
        required {
            /// Its format.
            format: AudioFormat = "format",
        }
        optional {
            /// Where its bytes are.
            source: MediaSource = "source",
            /// Why there is none.
            error: MediaError = "error",
        }
        lists {}
    }
}

wire_struct! {
    /// A search result that the model can cite.
    pub struct SearchResultBlock {
        required {
            /// Where it was found.
            source: String = "source",
            /// Its title.
            title: String = "title",
            /// Its text.
            content: Vec<SearchResultText> = "content",
        }
        optional {
            /// Whether it is to be cited.
            citations: CitationsConfig = "citations",
        }
        lists {}
    }
}

wire_struct! {
    /// A part of a search result.
    pub struct SearchResultText {
        required {
            /// The text.
            text: String = "text",
        }
        optional {}
        lists {}
    }
}

impl ImageBlock {
    /// A picture whose bytes are here.
    pub fn from_bytes(format: ImageFormat, bytes: impl Into<Blob>) -> Self {
        Self::new(format).source(MediaSource::Bytes(bytes.into()))
    }
}

impl DocumentBlock {
    /// A document whose bytes are here.
    pub fn from_bytes(name: impl Into<String>, format: DocumentFormat, bytes: impl Into<Blob>) -> Self {
        Self::new(name, DocumentSource::Bytes(bytes.into())).format(format)
    }
}

impl From<RawJson> for MediaSource {
    /// A source in a form newer than this version.
    fn from(raw: RawJson) -> Self {
        Self::Unknown(raw)
    }
}
