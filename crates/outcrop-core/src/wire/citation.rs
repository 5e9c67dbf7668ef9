//! Citations: text with the places that it rests on.
//!
//! # Invariants
//! - On a stream a citation may come before or after the text that it belongs to; both share one block.

wire_struct! {
    /// Text with its sources. Nova sends blocks of citations alone, so both lists may be empty.
    pub struct CitationsContent {
        required {}
        optional {}
        lists {
            /// The text.
            content: CitedText = "content",
            /// What it rests on.
            citations: Citation = "citations",
        }
    }
}

wire_struct! {
    /// A part of a cited text.
    pub struct CitedText {
        required {}
        optional {
            /// The text.
            text: String = "text",
        }
        lists {}
    }
}

wire_struct! {
    /// One source.
    pub struct Citation {
        required {}
        optional {
            /// The document's title.
            title: String = "title",
            /// Where it is from.
            source: String = "source",
            /// Where in it.
            location: CitationLocation = "location",
        }
        lists {
            /// The words of the source.
            source_content: CitedText = "sourceContent",
        }
    }
}

wire_union! {
    /// Where in a source.
    pub enum CitationLocation {
        /// A page of the web.
        Web(WebLocation) = "web",
        /// Characters of a document.
        DocumentChar(DocumentRange) = "documentChar",
        /// Pages of a document.
        DocumentPage(DocumentRange) = "documentPage",
        /// Chunks of a document.
        DocumentChunk(DocumentRange) = "documentChunk",
        /// A part of a search result.
        SearchResultLocation(SearchResultRange) = "searchResultLocation",
    }
}

wire_struct! {
    /// A page of the web.
    pub struct WebLocation {
        required {}
        optional {
            /// Its address.
            url: String = "url",
            /// Its domain.
            domain: String = "domain",
        }
        lists {}
    }
}

wire_struct! {
    /// From `start` to `end` of a document; the unit is the location's: characters, pages or chunks.
    pub struct DocumentRange {
        required {}
        optional {
            /// Which document, from 0.
            document_index: u64 = "documentIndex",
            /// The first.
            start: u64 = "start",
            /// Past the last.
            end: u64 = "end",
        }
        lists {}
    }
}

wire_struct! {
    /// From `start` to `end` of a search result.
    pub struct SearchResultRange {
        required {}
        optional {
            /// Which result, from 0.
            search_result_index: u64 = "searchResultIndex",
            /// The first block.
            start: u64 = "start",
            /// Past the last.
            end: u64 = "end",
        }
        lists {}
    }
}
