internal import ControllerRuntime
internal import Kinds
package import ObjectModel

/// When an Event was last written, as far as it tells: all that its expiry needs, for there may be many.
package struct EventAge: ObjectView {
    /// The resource whose objects it views.
    package static let resource = APIResource.events

    private let created: Timestamp?
    private let repeated: Timestamp?

    /// Reads an Event.
    package init(_ event: Value) {
        created = event["metadata", "creationTimestamp"]?.string.flatMap { Timestamp($0) }
        let last = [event["series", "lastObservedTime"], event["lastTimestamp"], event["eventTime"]]
        repeated = last.compactMap { $0?.string.flatMap { Timestamp($0) } }.max()
    }

    /// How long it has been silent. Times in the future, which anyone may write, do not keep it.
    func age(_ now: Timestamp) -> Duration? {
        [created, repeated].compactMap { $0.map { now - $0 } }.filter { $0 >= .zero }.min()
    }
}
