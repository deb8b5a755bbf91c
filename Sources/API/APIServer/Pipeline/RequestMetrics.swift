internal import APIProtocol
internal import CoreMetrics
internal import ObjectModel
internal import Schema
internal import Synchronization

/// Counts and times requests by kube-apiserver's names. Requests for kinds that are not served are not counted, so that
/// what clients make up makes no series; of other paths the health checks that there are. A watch counts when it begins,
/// and among the long-running ones until its reader lets it go.
final class RequestMetrics: Sendable {
    /// What requests have in common that are counted together.
    struct Class: Sendable, Hashable {
        let verb: String
        let groupVersion: GroupVersion?
        let resource: String
        let subresource: String
        let scope: String
        let isDryRun: Bool

        fileprivate var place: [(String, String)] {
            [
                ("verb", verb), ("group", groupVersion?.group ?? ""), ("version", groupVersion?.version ?? ""),
                ("resource", resource), ("subresource", subresource), ("scope", scope), ("component", "apiserver"),
            ]
        }
        fileprivate var labels: [(String, String)] { place + [("dry_run", isDryRun ? "All" : "")] }
    }

    private struct Series {
        var time: Timer
        var counters: [Int: Counter] = [:]
        var running: Meter?
    }

    private let factory: any MetricsFactory
    private let reads: Meter
    private let writes: Meter
    private let objects = Mutex<[GroupResource: Meter]>([:])
    private let series = Mutex<[Class: Series]>([:])

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        func inFlight(_ kind: String) -> Meter {
            Meter(
                label: "apiserver_current_inflight_requests", dimensions: [("request_kind", kind)], factory: factory)
        }
        (reads, writes) = (inFlight("readOnly"), inFlight("mutating"))
    }

    /// A request was answered.
    func answered(_ requests: Class, code: Int, in time: Duration) {
        let (timer, counter) = series.withLock { known in
            var entry = known[requests] ?? Series(time: makeTimer(requests))
            if let counter = entry.counters[code] { return (entry.time, counter) }
            let counter = makeCounter(requests, code)
            entry.counters[code] = counter
            known[requests] = entry
            return (entry.time, counter)
        }
        counter.increment()
        timer.recordNanoseconds(time.nanoseconds)
    }

    /// A request that goes on for long begins; it ends with what is returned.
    func begins(_ requests: Class) -> LongRunningRequest {
        let meter = series.withLock { known in
            var entry = known[requests] ?? Series(time: makeTimer(requests))
            let meter =
                entry.running
                ?? Meter(label: "apiserver_longrunning_requests", dimensions: requests.place, factory: factory)
            entry.running = meter
            known[requests] = entry
            return meter
        }
        return LongRunningRequest(meter)
    }

    /// Sets how many requests are being answered.
    func publish(reads: Int, writes: Int) {
        self.reads.set(reads)
        self.writes.set(writes)
    }

    /// Sets how many objects of a kind are stored.
    func publish(_ resource: GroupResource, count: Int) {
        let meter = objects.withLock { known in
            let meter =
                known[resource]
                ?? Meter(
                    label: "apiserver_resource_objects",
                    dimensions: [("group", resource.group), ("resource", resource.resource)], factory: factory)
            known[resource] = meter
            return meter
        }
        meter.set(count)
    }

    private func makeTimer(_ requests: Class) -> Timer {
        Timer(label: "apiserver_request_duration_seconds", dimensions: requests.labels, factory: factory)
    }

    private func makeCounter(_ requests: Class, _ code: Int) -> Counter {
        Counter(
            label: "apiserver_request_total", dimensions: requests.labels + [("code", "\(code)")], factory: factory)
    }
}

/// One among the long-running requests, while it exists.
final class LongRunningRequest: Sendable {
    private let meter: Meter

    fileprivate init(_ meter: Meter) {
        self.meter = meter
        meter.increment(by: 1)
    }

    deinit { meter.decrement(by: 1) }
}

extension APIServer {
    /// How a request is counted; nil when it is not.
    func requestClass(_ request: APIRequest, _ target: RequestTarget) -> RequestMetrics.Class? {
        switch target {
        case .path(let path):
            guard request.method == .get || request.method == .head, isKnownHealthCheck(path) else { return nil }
            return RequestMetrics.Class(
                verb: "GET", groupVersion: nil, resource: "", subresource: path, scope: "", isDryRun: false)
        case .resource(let target):
            guard let kind = served.registry.kind(target.groupVersion, plural: target.resource),
                target.subresource.isEmpty || kind.subresource(target.subresource) != nil
            else { return nil }
            return RequestMetrics.Class(
                verb: isLongRunning(target) ? "CONNECT" : target.verb.measured(request),
                groupVersion: target.groupVersion, resource: target.resource, subresource: target.subresource,
                scope: target.measuredScope, isDryRun: request.query("dryRun")?.isEmpty == false)
        }
    }

    /// Whether a request is for a subresource that goes on for long.
    func isLongRunning(_ target: ResourceTarget) -> Bool {
        guard !target.subresource.isEmpty else { return false }
        let resource = GroupResource(group: target.groupVersion.group, resource: target.resource)
        return parts.subresources[SubresourceKey(resource, target.subresource)]?.isLongRunning == true
    }
}

extension Verb {
    fileprivate func measured(_ request: APIRequest) -> String {
        switch self {
        case .get: "GET"
        case .list: "LIST"
        case .watch: "WATCH"
        case .create: "POST"
        case .update: "PUT"
        case .patch:
            request.headers["Content-Type"]?.hasPrefix("application/apply-patch") == true ? "APPLY" : "PATCH"
        case .delete, .deletecollection: "DELETE"
        }
    }
}

extension ResourceTarget {
    fileprivate var measuredScope: String {
        if !name.isEmpty || verb == .create { return "resource" }
        return namespace.isEmpty ? "cluster" : "namespace"
    }
}
