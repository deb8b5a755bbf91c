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
    /// When it last changed in any way (Deployments).
    package let lastUpdateTime: Timestamp?
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
        lastUpdateTime = value.time("lastUpdateTime")
        lastHeartbeatTime = value.time("lastHeartbeatTime")
        observedGeneration = value.number("observedGeneration") ?? 0
    }

    /// A condition that a controller sets.
    package init(
        type: String, status: String, reason: String, message: String, lastTransitionTime: Timestamp?,
        lastUpdateTime: Timestamp? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
        self.lastUpdateTime = lastUpdateTime
        lastHeartbeatTime = nil
        observedGeneration = 0
    }

    /// The entry as JSON.
    package var value: Value {
        var value: Value = ["type": .string(type), "status": .string(status)]
        value["lastUpdateTime"] = lastUpdateTime.map { .string($0.text) }
        value["lastTransitionTime"] = lastTransitionTime.map { .string($0.text) }
        value["lastHeartbeatTime"] = lastHeartbeatTime.map { .string($0.text) }
        if !reason.isEmpty { value["reason"] = .string(reason) }
        if !message.isEmpty { value["message"] = .string(message) }
        value.setCount("observedGeneration", observedGeneration)
        return value
    }

    /// Whether the status is `True`.
    package var isTrue: Bool { status == "True" }
}

extension [ConditionView] {
    /// The condition of a type; nil when there is none.
    package func condition(_ type: String) -> ConditionView? { first { $0.type == type } }
}
