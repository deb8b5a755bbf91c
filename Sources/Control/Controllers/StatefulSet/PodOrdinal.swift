internal import Kinds
internal import ObjectModel

/// The names that a StatefulSet's pods and claims have, and what they say.
package enum PodOrdinal {
    /// The parent and ordinal that a pod's name tells: `web-2` is pod 2 of `web`; nil when it tells none.
    package static func parse(_ name: String) -> (parent: String, ordinal: Int)? {
        guard let dash = name.lastIndex(of: "-") else { return nil }
        let digits = name[name.index(after: dash)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let ordinal = Int32(digits) else {
            return nil
        }
        return (String(name[..<dash]), Int(ordinal))
    }
}

extension StatefulSetView {
    /// The name of the pod with an ordinal.
    func podName(_ ordinal: Int) -> String { "\(metadata.name)-\(ordinal)" }

    /// The name of the claim that a template makes for an ordinal.
    func claimName(_ template: Value, _ ordinal: Int) -> String { "\(template.name)-\(metadata.name)-\(ordinal)" }

    /// The ordinals that should exist.
    var ordinals: Range<Int> { startOrdinal..<(startOrdinal + max(0, replicas)) }

    /// Whether a pod's name makes it a member.
    func isParent(ofPodNamed name: String) -> Bool { PodOrdinal.parse(name)?.parent == metadata.name }
}
