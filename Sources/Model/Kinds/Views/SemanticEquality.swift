package import ObjectModel

extension Value {
    /// Equal as upstream's `Semantic.DeepEqual` has it: absent, null and empty lists and maps are the same.
    package func isSemanticallyEqual(to other: Value) -> Bool { Rules.equal(self, other) }
}
