//! The wire format of Protocol Buffers, as much of it as ONNX needs: numbers, texts, and messages as
//! fields of a message.

use alloc::vec::Vec;

/// A message: fields, each with its number.
#[derive(Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// A whole number.
    pub fn int(&mut self, field: u64, number: i64) {
        self.varint(field << 3);
        self.varint(number as u64);
    }

    /// An `f32`.
    pub fn float(&mut self, field: u64, number: f32) {
        self.varint((field << 3) | 5);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A text, or a message that is complete.
    pub fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.begin(field, bytes.len());
        self.append(bytes);
    }

    /// A message.
    pub fn message(&mut self, field: u64, message: &Message) {
        self.bytes(field, &message.0);
    }

    /// So many bytes, which must be appended then.
    pub fn begin(&mut self, field: u64, len: usize) {
        self.varint((field << 3) | 2);
        self.varint(len as u64);
    }

    /// Bytes of a field that has begun, or whole fields.
    pub fn append(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The fields as they are written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fields as they are written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self, mut number: u64) {
        while number > 127 {
            self.0.push(number as u8 | 128);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        let mut message = Message::default();
        message.int(1, 150);
        assert_eq!(message.as_bytes(), [0x08, 0x96, 0x01]);
        let mut message = Message::default();
        message.int(1, -2);
        let mut expected = alloc::vec![0x08, 0xfe];
        expected.extend([0xff; 8]);
        expected.push(1);
        assert_eq!(message.into_bytes(), expected);
    }

    #[test]
    fn messages_lie_inside_of_messages() {
        let (mut inner, mut outer) = (Message::default(), Message::default());
        inner.int(1, 150);
        outer.message(3, &inner);
        outer.bytes(2, b"testing");
        outer.float(20, 1.0);
        let mut expected = alloc::vec![0x1a, 0x03, 0x08, 0x96, 0x01, 0x12, 0x07];
        expected.extend(b"testing");
        expected.extend([0xa5, 0x01, 0, 0, 0x80, 0x3f]);
        assert_eq!(outer.as_bytes(), expected);
    }
}
