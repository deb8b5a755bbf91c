package import APIProtocol
package import ObjectModel

/// Feeds a cache from the API: does what its reflector decides.
package struct Informer<View: ObjectView>: ControlLoop {
    /// The cache it feeds.
    package let cache: ObjectCache<View>
    private let client: APIClient
    private let namespace: String
    private let labelSelector: String?
    private let fieldSelector: String?
    private let clock: ControlClock

    /// Feeds `cache` with the objects of its resource that the selectors choose.
    package init(
        _ cache: ObjectCache<View>, client: APIClient, namespace: String = "", labelSelector: String? = nil,
        fieldSelector: String? = nil, clock: ControlClock = .system
    ) {
        self.cache = cache
        self.client = client
        self.namespace = namespace
        self.labelSelector = labelSelector
        self.fieldSelector = fieldSelector
        self.clock = clock
    }

    /// Its name, for logs.
    package var name: String { "informer of \(cache.resource.groupResource)" }

    /// Feeds the cache until the task is cancelled.
    package func run() async {
        var reflector = Reflector()
        var actions = reflector.handle(.started, random: clock.random())
        var relist = 0
        while !Task.isCancelled, let action = actions.first {
            actions.removeFirst()
            switch action {
            case .list:
                relist = cache.requestedRelist
                actions += reflector.handle(await list(), random: clock.random())
            case .replace(let list):
                cache.replace(list.items, at: list.revision, answering: relist)
            case .apply(let event):
                cache.apply(event)
            case .wait(let duration):
                await cache.relistSignal.wait(atMost: duration, sleep: clock.sleep)
                let event = cache.awaitsRelist ? Reflector.Event.relistRequested : .waited
                actions += reflector.handle(event, random: clock.random())
            case .watch(let revision):
                let end = await watch(after: revision, reflector)
                reflector = end.reflector
                actions += reflector.handle(end.event, random: clock.random())
            }
        }
    }

    private func list() async -> Reflector.Event {
        do throws(APIError) {
            return .listed(
                try await client.list(
                    cache.resource, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector))
        } catch {
            return .failed(error)
        }
    }

    private struct WatchEnd: Sendable {
        var event: Reflector.Event
        var reflector: Reflector
    }

    /// Watches until the watch ends or somebody asks for a new list.
    private func watch(after revision: Revision, _ reflector: Reflector) async -> WatchEnd {
        await withTaskGroup(of: WatchEnd?.self) { group in
            group.addTask { await read(after: revision, reflector) }
            group.addTask {
                // A signal may be left from a request that a list has answered, or be lost to one that waited before.
                while !cache.awaitsRelist, !Task.isCancelled { await cache.relistSignal.wait() }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            if let first { return first }
            // The reader stops now; its reflector knows how far it came.
            let reader = await group.next() ?? nil
            return WatchEnd(event: .relistRequested, reflector: reader?.reflector ?? reflector)
        }
    }

    private func read(after revision: Revision, _ reflector: Reflector) async -> WatchEnd {
        var reflector = reflector
        do throws(APIError) {
            let stream = try await client.watch(
                cache.resource, namespace: namespace, labelSelector: labelSelector, fieldSelector: fieldSelector,
                after: revision)
            defer { stream.cancel() }
            while let event = try await stream.next() {
                for case .apply(let event) in reflector.handle(.received(event), random: 0) { cache.apply(event) }
            }
            return WatchEnd(event: .watchEnded, reflector: reflector)
        } catch {
            return WatchEnd(event: .failed(error), reflector: reflector)
        }
    }
}
