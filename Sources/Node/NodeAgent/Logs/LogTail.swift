/// Finds where the last lines of a CRI log file begin, reading it backwards in blocks.
package enum LogTail {
    /// How much is read at a time.
    package static let blockSize = 64 << 10

    /// The offset at which the last `count` lines of a file of `size` bytes begin; a line in several parts counts
    /// once. `read` gives the bytes at an offset; fewer than asked for end the search at what has been read.
    package static func offset<Failure: Error>(
        ofLast count: Int, size: Int64, read: (_ offset: Int64, _ count: Int) throws(Failure) -> [UInt8]
    ) throws(Failure) -> Int64 {
        guard count > 0 else { return size }
        var buffer: [UInt8] = []
        var start = size
        var found = 0
        var isLast = true
        while true {
            while let line = lastLine(of: buffer, isWhole: start == 0) {
                let end = start + Int64(line.upperBound)
                if isLast || endsLine(buffer[line]) { found += 1 }
                isLast = false
                if found > count { return end }
                buffer.removeSubrange(line)
            }
            guard start > 0 else { return 0 }
            let wanted = Int(min(Int64(blockSize), start))
            let block = try read(start - Int64(wanted), wanted)
            guard block.count == wanted else { return start }
            buffer.insert(contentsOf: block, at: 0)
            start -= Int64(wanted)
        }
    }

    /// The last line with its newline; nil when its beginning is not in the buffer.
    private static func lastLine(of buffer: [UInt8], isWhole: Bool) -> Range<Int>? {
        guard !buffer.isEmpty else { return nil }
        if let newline = buffer.dropLast().lastIndex(of: 0x0A) { return newline + 1..<buffer.count }
        return isWhole ? 0..<buffer.count : nil
    }

    private static func endsLine(_ bytes: ArraySlice<UInt8>) -> Bool {
        let line = bytes.last == 0x0A ? bytes.dropLast() : bytes
        return CRILogLine(line).map { !$0.isPartial } ?? false
    }
}
