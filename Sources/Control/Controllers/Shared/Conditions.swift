internal import Kinds
internal import ObjectModel

extension [ConditionView] {
    /// Sets a condition. One with the same status and reason stays as it is; a new reason for the same status keeps
    /// the time of the transition.
    mutating func set(_ type: String, _ status: String, _ reason: String, _ message: String, at now: Timestamp) {
        let known = condition(type)
        if let known, known.status == status, known.reason == reason { return }
        replace(
            with: ConditionView(
                type: type, status: status, reason: reason, message: message,
                lastTransitionTime: known?.status == status ? known?.lastTransitionTime : now, lastUpdateTime: now))
    }

    /// Puts a condition in the place of the one of its type.
    mutating func replace(with condition: ConditionView) {
        remove(condition.type)
        append(condition)
    }

    /// Takes the condition of a type away.
    mutating func remove(_ type: String) { removeAll { $0.type == type } }
}
