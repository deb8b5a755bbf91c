#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension String {
    /// Whether both have the same UTF-8. Kubernetes compares bytes; Swift's `==` takes `é` in one scalar and in two for
    /// the same.
    package func hasSameBytes(as other: String) -> Bool {
        // The cheapest test first: most texts that differ do so in their length.
        guard utf8.count == other.utf8.count else { return false }
        return utf8.span.withUnsafeBufferPointer { left in
            other.utf8.span.withUnsafeBufferPointer { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, utf8.count) == 0
            }
        }
    }

    /// Feeds the UTF-8 to a hasher, so that texts with the same bytes, and only those, hash as equal.
    package func hashBytes(into hasher: inout Hasher) {
        utf8.span.withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}

/// A text that is equal to another only when their bytes are.
package struct ByteText: Sendable, Hashable {
    /// The text.
    package let text: String

    /// A text to be compared by bytes.
    package init(_ text: String) { self.text = text }

    package static func == (left: ByteText, right: ByteText) -> Bool { left.text.hasSameBytes(as: right.text) }
    package func hash(into hasher: inout Hasher) { text.hashBytes(into: &hasher) }
}
