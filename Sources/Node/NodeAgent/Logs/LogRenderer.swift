package import APIProtocol
internal import ObjectModel

/// One line of a CRI log file: `TIMESTAMP stdout F text`.
struct CRILogLine {
    let timestamp: ArraySlice<UInt8>
    /// Whether the text goes on in the next line.
    let isPartial: Bool
    let text: ArraySlice<UInt8>

    /// Reads a line without its newline; nil when it is none.
    init?(_ line: ArraySlice<UInt8>) {
        let space = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: space) else { return nil }
        let afterTime = line[(first + 1)...]
        guard let second = afterTime.firstIndex(of: space) else { return nil }
        let stream = afterTime[..<second]
        guard stream.elementsEqual("stdout".utf8) || stream.elementsEqual("stderr".utf8) else { return nil }
        let afterStream = line[(second + 1)...]
        let third = afterStream.firstIndex(of: space) ?? line.endIndex
        let tags = afterStream[..<third]
        guard let tag = tags.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).first else {
            return nil
        }
        timestamp = line[..<first]
        isPartial = tag.elementsEqual("P".utf8)
        text = third < line.endIndex ? line[(third + 1)...] : []
    }
}

/// Turns the bytes of a CRI log file into what a client of `pods/log` sees: partial lines are joined, times are put
/// before lines or left out, old lines are skipped. Pure. Lines that are no CRI lines are left out.
package struct LogRenderer: Sendable {
    /// The longest line of a file that is read; a longer one is left out.
    package static let maximumLine = 1 << 20

    private let timestamps: Bool
    private let since: Timestamp?
    private var remaining: Int
    private var pending: [UInt8] = []
    private var isInLine = false
    private var isSkippingLine = false
    private var isTooLong = false

    /// A renderer for a request's options; `follow`, `previous` and `tailLines` are the reader's.
    package init(_ request: LogRequest) {
        timestamps = request.timestamps
        since = request.since
        remaining = request.limitBytes ?? .max
    }

    /// Whether the byte limit is reached: nothing more will come.
    package var isFull: Bool { remaining <= 0 }

    /// Takes the next bytes of the file; returns what to send.
    package mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            if isTooLong || pending.count + end - start > Self.maximumLine {
                isTooLong = false
            } else if pending.isEmpty {
                render(bytes[start..<end], into: &output)
            } else {
                pending.append(contentsOf: bytes[start..<end])
                render(pending[...], into: &output)
            }
            pending.removeAll(keepingCapacity: true)
            start = end + 1
        }
        if !isTooLong { pending.append(contentsOf: bytes[start...]) }
        if pending.count > Self.maximumLine {
            isTooLong = true
            pending = []
        }
        return limited(output)
    }

    /// The file is over: what a last line without its end has to say.
    package mutating func finish() -> [UInt8] {
        var output: [UInt8] = []
        if !pending.isEmpty { render(pending[...], into: &output, isCut: true) }
        pending = []
        return limited(output)
    }

    private mutating func render(_ bytes: ArraySlice<UInt8>, into output: inout [UInt8], isCut: Bool = false) {
        guard let line = CRILogLine(bytes) else { return }
        if !isInLine {
            let time = timestamps || since != nil ? Timestamp(String(decoding: line.timestamp, as: UTF8.self)) : nil
            isSkippingLine = since.map { since in time.map { $0 < since } ?? false } ?? false
            if timestamps, !isSkippingLine {
                output.append(contentsOf: time.map { Array($0.nanoText.utf8)[...] } ?? line.timestamp)
                output.append(UInt8(ascii: " "))
            }
        }
        if !isSkippingLine {
            output.append(contentsOf: line.text)
            if !line.isPartial, !isCut { output.append(0x0A) }
        }
        isInLine = line.isPartial
    }

    private mutating func limited(_ output: [UInt8]) -> [UInt8] {
        guard output.count > remaining else {
            remaining -= output.count
            return output
        }
        defer { remaining = 0 }
        return Array(output.prefix(remaining))
    }
}
