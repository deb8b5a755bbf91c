package import ObjectModel

/// One condition of a status.
package struct ConditionView: Sendable, Hashable {
    /// Its type, such as `Ready`.
    package let type: String
    /// `True`, `False` or `Unknown`.
    package let status: String
    /// Why, in one word.
    package let reason: String
    /// Why, for people.
    package let message: String
    /// When the status last changed.
    package let lastTransitionTime: Timestamp?
    /// When it was last observed (nodes).
    package let lastHeartbeatTime: Timestamp?
    /// The generation it was observed at; 0 when not told.
    package let observedGeneration: Int

    /// Reads one entry of `status.conditions`.
    package init(_ value: Value) {
        type = value.text("type")
        status = value.text("status")
        reason = value.text("reason")
        message = value.text("message")
        lastTransitionTime = value.time("lastTransitionTime")
        lastHeartbeatTime = value.time("lastHeartbeatTime")
        observedGeneration = value.number("observedGeneration") ?? 0
    }

    /// Whether the status is `True`.
    package var isTrue: Bool { status == "True" }
}

extension [ConditionView] {
    /// The condition of a type; nil when there is none.
    package func condition(_ type: String) -> ConditionView? { first { $0.type == type } }
}
