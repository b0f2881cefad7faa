//! Parts that pages share.
