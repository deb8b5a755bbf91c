package import ObjectModel
internal import Synchronization

/// A `StoreState` and its watchers: changes are published in revision order, and a watcher begins exactly where its
/// backlog ends.
///
/// Two locks, always taken in the order publishing, state: readers wait only for the short changes of the state, never
/// for the delivery to watchers.
package final class WatchedState: Sendable {
    private let state: Mutex<StoreState>
    private let publishing = Mutex(Subscriptions())
    private let published = PublishedRevision()

    /// Watches over `state`.
    package init(_ state: StoreState) { self.state = Mutex(state) }

    /// Reads from the state. `body` must be short.
    package func read<Result: Sendable, Failure: Error>(
        _ body: (StoreState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try state.withLock { (state) throws(Failure) in try body(state) }
    }

    /// Changes the state and hands the events of the change to all watchers.
    package func publish<Failure: Error>(
        _ change: (inout StoreState) throws(Failure) -> [StoreEvent]
    ) throws(Failure) {
        try publishing.withLock { (subscriptions) throws(Failure) in
            let events = try state.withLock { (state) throws(Failure) in try change(&state) }
            guard let last = events.last else { return }
            subscriptions.deliver(events)
            published.moved(to: last.revision)
        }
    }

    /// A page of the newest or a past state.
    package func objects(
        in range: KeyRange, at revision: ReadRevision, after: StoreKey?, limit: Int?
    ) throws(StoreError) -> ObjectPage {
        try read { (state) throws(StoreError) in
            try state.read(range, at: revision, after: after, limit: limit)
        }.page()
    }

    /// The objects in `range` that meet a condition, and perhaps others, in the newest state.
    package func objects(
        in range: KeyRange, meeting condition: FieldCondition, notOlderThan revision: Revision
    ) throws(StoreError) -> ObjectPage {
        let finding = try state.withLock { (state) throws(StoreError) in
            if revision > state.revision { throw .futureRevision(current: state.revision) }
            return state.find(condition, in: range)
        }
        switch finding {
        case .indexed(let read): return read.page()
        case .whole(let read): return read.page()
        case .unprepared(let making):
            let index = making.index()
            state.withLock { $0.adopt(index, making) }
            // That state, since it is at hand: it was the newest when this was asked.
            return making.page(in: range)
        }
    }

    /// A subscription to the changes in `range` after `revision`; those that do not meet `trigger` are left out.
    package func subscribe(
        to range: KeyRange, after revision: Revision, trigger: FieldCondition? = nil
    ) throws(StoreError) -> EventSubscription {
        try publishing.withLock { (subscriptions) throws(StoreError) in
            let (backlog, reached) = try read { (state) throws(StoreError) in
                (try state.events(in: range, after: revision), state.revision)
            }
            let place = subscriptions.place(in: range, trigger)
            let subscription = EventSubscription(
                range: range, backlog: backlog.filter { trigger?.isMet(by: $0) ?? true }, through: reached,
                published: published
            ) { [weak self] _ in
                self?.publishing.withLock { $0.remove(place) }
            }
            subscriptions.add(subscription, at: place)
            return subscription
        }
    }

    /// Ends every subscription.
    package func endSubscriptions(_ failure: StoreError) {
        let ended = publishing.withLock { subscriptions in
            subscriptions.removeAll()
        }
        for subscription in ended { subscription.end(failure) }
    }

    /// How many watchers there are.
    package var watcherCount: Int { publishing.withLock { $0.all.count } }
}
