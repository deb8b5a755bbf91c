internal import Kinds
internal import ObjectModel

/// Pods as controllers make them from a template.
enum PodTemplate {
    /// The metadata of a pod of `owner`: what the template gives, with these labels.
    static func metadata<View: MetadataView>(
        _ template: Value, of owner: View, labels: [String: String]
    ) -> Value {
        var metadata: Value = [
            "generateName": .string("\(owner.metadata.name)-"), "namespace": .string(owner.metadata.namespace),
            "labels": .stringMap(labels), "ownerReferences": [owner.owner.value],
        ]
        for key in ["annotations", "finalizers"] {
            if let value = template["metadata"]?[key], !value.isEmpty { metadata[key] = value }
        }
        return metadata
    }
}
