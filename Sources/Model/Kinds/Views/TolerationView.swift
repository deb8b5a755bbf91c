package import ObjectModel

/// A taint of a node.
package struct TaintView: Sendable, Hashable {
    /// Its key.
    package let key: String
    /// Its value; may be empty.
    package let value: String
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    package let effect: String
    /// When it was added.
    package let timeAdded: Timestamp?

    /// Reads one entry of `spec.taints`.
    package init(_ taint: Value) {
        key = taint.text("key")
        value = taint.text("value")
        effect = taint.text("effect")
        timeAdded = taint.time("timeAdded")
    }
}

/// What a pod tolerates.
package struct TolerationView: Sendable, Hashable {
    /// The taint's key; empty with `Exists` tolerates all.
    package let key: String
    /// `Exists` or `Equal` (also when empty).
    package let comparison: String
    /// The taint's value, for `Equal`.
    package let value: String
    /// The taint's effect; empty means any.
    package let effect: String
    /// Seconds a NoExecute taint is tolerated; nil means for ever.
    package let tolerationSeconds: Int?

    /// Reads one entry of `spec.tolerations`.
    package init(_ toleration: Value) {
        key = toleration.text("key")
        comparison = toleration.text("operator")
        value = toleration.text("value")
        effect = toleration.text("effect")
        tolerationSeconds = toleration.number("tolerationSeconds")
    }

    /// Whether it covers a taint (upstream's `ToleratesTaint`).
    package func tolerates(_ taint: TaintView) -> Bool {
        if !effect.isEmpty, effect != taint.effect { return false }
        if !key.isEmpty, key != taint.key { return false }
        return comparison == "Exists" || ((comparison.isEmpty || comparison == "Equal") && value == taint.value)
    }
}
