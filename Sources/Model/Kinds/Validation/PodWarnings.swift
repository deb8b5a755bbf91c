internal import ObjectModel

/// Advice on a pod's spec (upstream's `GetWarningsForPod` and `GetWarningsForPodTemplate`, the common cases).
enum PodWarnings {
    static func warnings(_ spec: Value, _ path: FieldPath) -> [String] {
        var warnings = withoutSelector(
            spec.items("topologySpreadConstraints"), path.child("topologySpreadConstraints"))
        for key in ["initContainers", "containers"] {
            for (index, container) in spec.items(key).enumerated() {
                let itemPath = path.child(key).index(index)
                warnings += environment(container.items("env"), itemPath.child("env"))
                warnings += ports(container.items("ports"), itemPath.child("ports"))
            }
        }
        if let seconds = spec.number("terminationGracePeriodSeconds"), seconds < 0 {
            warnings.append(
                "\(path.child("terminationGracePeriodSeconds")): must be >= 0; negative values are invalid and will be "
                    + "treated as 1")
        }
        return warnings + affinity(spec.child("affinity"), path.child("affinity"))
    }

    private static func affinity(_ affinity: Value, _ path: FieldPath) -> [String] {
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
        return ["podAffinity", "podAntiAffinity"].flatMap { kind in
            let rules = affinity.child(kind)
            return withoutSelector(rules.items(required), path.child(kind).child(required))
                + withoutSelector(rules.items(preferred), path.child(kind).child(preferred), below: "podAffinityTerm")
        }
    }

    /// Terms that mean no pod, because they have no selector.
    private static func withoutSelector(_ terms: [Value], _ path: FieldPath, below key: String? = nil) -> [String] {
        terms.enumerated().compactMap { index, item in
            let term = key.map { item.child($0) } ?? item
            guard term.object("labelSelector") == nil else { return nil }
            let termPath = key.map { path.index(index).child($0) } ?? path.index(index)
            return "\(termPath.child("labelSelector")): a null labelSelector results in matching no pod"
        }
    }

    /// Advice on the pod template of a ReplicaSet or Deployment, and on its name while it is new.
    static func template(of object: Value) -> [String] {
        let spec = object.child("spec").child("template").child("spec")
        let advice = warnings(spec, FieldPath("spec").child("template").child("spec"))
        guard object.child("metadata").number("generation") == 1,
            let problem = NameRules.dns1123Label(object.name)
        else { return advice }
        return [
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS "
                + "label is recommended: [\(problem)]"
        ] + advice
    }

    private static func environment(_ variables: [Value], _ path: FieldPath) -> [String] {
        var seen: Set<String> = []
        var warnings: [String] = []
        for (index, variable) in variables.enumerated() {
            let name = variable.text("name")
            let refersToItself = variable.text("value").contains("$(\(name))")
            guard !seen.insert(name).inserted, !refersToItself else { continue }
            warnings.append(
                "\(path.index(index)): hides previous definition of \"\(name)\", which may be dropped when using apply")
        }
        return warnings
    }

    private static func ports(_ ports: [Value], _ path: FieldPath) -> [String] {
        var first: [[Value]: Int] = [:]
        var warnings: [String] = []
        for (index, port) in ports.enumerated() {
            let key = ["containerPort", "protocol", "hostPort", "hostIP"].map { port.child($0) }
            if let earlier = first[key] {
                warnings.append("\(path.index(index)): duplicate port definition with \(path.index(earlier))")
            } else {
                first[key] = index
            }
        }
        return warnings
    }
}
