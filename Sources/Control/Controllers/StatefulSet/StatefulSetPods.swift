internal import ControllerRuntime
internal import Kinds
internal import ObjectModel

/// Makes the pods and claims of a StatefulSet.
extension StatefulSetView {
    /// The pod with an ordinal, made from a template.
    func pod(_ ordinal: Int, template: Value, revision: String) -> Value {
        let name = podName(ordinal)
        var labels = template.labels
        labels[PodView.podNameLabel] = name
        labels[PodView.podIndexLabel] = String(ordinal)
        labels[PodView.revisionLabel] = revision
        var metadata = PodTemplate.metadata(template, of: self, labels: labels)
        metadata["name"] = .string(name)
        var spec = template["spec"] ?? .emptyObject
        spec["hostname"] = .string(name)
        if !serviceName.isEmpty { spec["subdomain"] = .string(serviceName) }
        let volumes = volumes(ordinal, besides: spec.items("volumes"))
        if !volumes.isEmpty { spec["volumes"] = .array(volumes) }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec]
    }

    /// The volumes of a pod: one for each claim template, and the template's others.
    private func volumes(_ ordinal: Int, besides others: [Value]) -> [Value] {
        let names = Set(volumeClaimTemplates.map(\.name))
        let claims: [Value] = volumeClaimTemplates.map { template in
            [
                "name": .string(template.name),
                "persistentVolumeClaim": ["claimName": .string(claimName(template, ordinal))],
            ]
        }
        return claims + others.filter { !names.contains($0.text("name")) }
    }

    /// The claims of the pod with an ordinal. They carry the selector's labels, so that they are found with the set.
    func claims(_ ordinal: Int) -> [Value] {
        let owners = ClaimOwnership(self).ownersOfNewClaims.map(\.value)
        return volumeClaimTemplates.map { template in
            var labels = template.labels
            labels.merge(selectorValue["matchLabels"]?.stringMap ?? [:]) { $1 }
            var metadata: Value = [
                "name": .string(claimName(template, ordinal)), "namespace": .string(self.metadata.namespace),
            ]
            if !labels.isEmpty { metadata["labels"] = .stringMap(labels) }
            for key in ["annotations", "finalizers"] {
                if let value = template["metadata"]?[key], !value.isEmpty { metadata[key] = value }
            }
            let owners = (template["metadata"]?["ownerReferences"]?.array ?? []) + owners
            if !owners.isEmpty { metadata["ownerReferences"] = .array(owners) }
            return [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata,
                "spec": template["spec"] ?? .emptyObject,
            ]
        }
    }
}
