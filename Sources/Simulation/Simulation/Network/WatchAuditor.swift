internal import APIProtocol
internal import ObjectModel
internal import ObjectStorage
internal import Synchronization

/// Checks what the server sends on watches against what the store did: in order, each once, and of a whole collection
/// none left out; a bookmark never lies ahead of an event that follows.
final class WatchAuditor: Sendable {
    private let log = Mutex<[(revision: Revision, key: StoreKey)]>([])
    private let report: @Sendable (String) -> Void

    /// Reports to `report` what is wrong.
    init(report: @escaping @Sendable (String) -> Void) { self.report = report }

    /// Takes a change of the store.
    func committed(_ event: StoreEvent) { log.withLock { $0.append((event.revision, event.current.key)) } }

    /// The check of one watch; nil when it does not say where it begins.
    func begin(_ request: APIRequest) -> WatchAudit? {
        guard let revision = request.query("resourceVersion").flatMap(Int64.init), revision > 0 else { return nil }
        let isWhole = request.query("fieldSelector") == nil && request.query("labelSelector") == nil
        return WatchAudit(
            path: request.path, range: isWhole ? Self.range(request.path) : nil, after: Revision(revision), self)
    }

    /// The first change in `range` behind `revision`.
    fileprivate func next(in range: KeyRange, after revision: Revision) -> Revision? {
        log.withLock { log in
            // Sorted by revision, and long.
            var (start, end) = (log.startIndex, log.endIndex)
            while start < end {
                let middle = (start + end) / 2
                if log[middle].revision > revision { end = middle } else { start = middle + 1 }
            }
            return log[start...].first { range.contains($0.key) }?.revision
        }
    }

    fileprivate func wrong(_ text: String) { report(text) }

    private static func range(_ path: String) -> KeyRange {
        var parts = path.split(separator: "/").map(String.init)
        let group = parts.first == "apis" && parts.count > 1 ? parts[1] : ""
        parts.removeFirst(min(group.isEmpty ? 2 : 3, parts.count))
        let namespace = parts.first == "namespaces" && parts.count > 2 ? parts[1] : nil
        return KeyRange(GroupResource(group: group, resource: parts.last ?? ""), namespace: namespace)
    }
}

/// The check of one watch.
final class WatchAudit: Sendable {
    private let path: String
    private let range: KeyRange?
    private let auditor: WatchAuditor
    private let last: Mutex<Revision>

    init(path: String, range: KeyRange?, after revision: Revision, _ auditor: WatchAuditor) {
        self.path = path
        self.range = range
        self.auditor = auditor
        last = Mutex(revision)
    }

    /// Takes what the server sent.
    func saw(_ piece: [UInt8]) {
        for line in piece.split(separator: 0x0A) {
            guard let event = try? JSON.parse(Array(line)), let object = event["object"] else {
                auditor.wrong("watch of \(path): a line is no event")
                continue
            }
            let type = event["type"]?.string ?? ""
            if type == "ERROR" { continue }
            check(type, object.revision ?? .zero)
        }
    }

    private func check(_ type: String, _ revision: Revision) {
        let former = last.withLock { last in
            defer { last = max(last, revision) }
            return last
        }
        if type == "BOOKMARK" {
            if revision < former { auditor.wrong("watch of \(path): bookmark \(revision) after \(former)") }
            if let range, let missing = auditor.next(in: range, after: former), missing <= revision {
                auditor.wrong("watch of \(path): bookmark \(revision) follows \(former), but \(missing) was left out")
            }
            return
        }
        guard revision > former else {
            return auditor.wrong("watch of \(path): \(type) at \(revision) after \(former)")
        }
        if let range, let expected = auditor.next(in: range, after: former), expected != revision {
            auditor.wrong("watch of \(path): \(revision) follows \(former), but \(expected) was left out")
        }
    }
}
