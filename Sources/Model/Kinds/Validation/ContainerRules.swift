internal import ObjectModel

/// What the rules of containers need to know of their pod.
struct PodContext {
    /// The names of the volumes that are right, and of those that claim templates will add.
    let volumeNames: Set<String>
    /// Whether this is a pod, not a template.
    let isPod: Bool
    /// `spec.os.name`.
    let osName: String
    /// The pod's grace period in seconds.
    let gracePeriodSeconds: Int
}

/// The rules of `spec.containers` and `spec.initContainers`.
enum ContainerRules {
    static func containers(_ containers: [Value], _ path: FieldPath, _ context: PodContext) -> [FieldError] {
        if containers.isEmpty { return [Rules.required(path)] }
        var errors: [FieldError] = []
        var names: Set<String> = []
        for (index, container) in containers.enumerated() {
            let itemPath = path.index(index)
            errors += common(container, itemPath, context)
            if !names.insert(container.text("name")).inserted {
                errors.append(Rules.duplicate(itemPath.child("name"), .string(container.text("name"))))
            }
            errors += ProbeRules.lifecycle(container.object("lifecycle"), itemPath.child("lifecycle"), context)
            errors += ProbeRules.probes(of: container, itemPath)
            let policies = ["Always", "OnFailure", "Never"]
            if let policy = container["restartPolicy"]?.string, !policies.contains(policy) {
                errors.append(Rules.unsupported(itemPath.child("restartPolicy"), .string(policy), policies))
            }
        }
        return errors + hostPortConflicts(containers, path)
    }

    static func initContainers(
        _ containers: [Value], besides regular: [Value], _ path: FieldPath, _ context: PodContext
    ) -> [FieldError] {
        var errors: [FieldError] = []
        var names = Set(regular.map { $0.text("name") })
        for (index, container) in containers.enumerated() {
            let itemPath = path.index(index)
            errors += common(container, itemPath, context)
            if !names.insert(container.text("name")).inserted {
                errors.append(Rules.duplicate(itemPath.child("name"), .string(container.text("name"))))
            }
            errors += hostPortConflicts([container], path)
            guard container.text("restartPolicy") == "Always" else {
                let runsOnce = "may not be set for init containers without restartPolicy=Always"
                for key in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"]
                where container.object(key) != nil {
                    errors.append(Rules.forbidden(itemPath.child(key), runsOnce))
                }
                continue
            }
            errors += ProbeRules.lifecycle(container.object("lifecycle"), itemPath.child("lifecycle"), context)
            errors += ProbeRules.probes(of: container, itemPath)
        }
        return errors
    }

    private static func common(_ container: Value, _ path: FieldPath, _ context: PodContext) -> [FieldError] {
        let name = container.text("name")
        let image = container.text("image")
        var errors = name.isEmpty ? [Rules.required(path.child("name"))] : Rules.label(name, path.child("name"))
        if image.isEmpty {
            errors.append(Rules.required(path.child("image")))
        } else if context.isPod, image.first?.isWhitespace == true || image.last?.isWhitespace == true {
            errors.append(
                Rules.invalid(path.child("image"), .string(image), "must not have leading or trailing whitespace"))
        }
        errors += Rules.choice(
            container.text("terminationMessagePolicy"), path.child("terminationMessagePolicy"),
            of: ["File", "FallbackToLogsOnError"])
        errors += ports(container.items("ports"), path.child("ports"))
        errors += EnvironmentRules.variables(container.items("env"), path.child("env"))
        errors += EnvironmentRules.sources(container.items("envFrom"), path.child("envFrom"))
        errors += VolumeMountRules.mounts(of: container, path, context)
        errors += Rules.choice(
            container.text("imagePullPolicy"), path.child("imagePullPolicy"), of: ["Always", "IfNotPresent", "Never"])
        errors += ResourceRules.container(container["resources"], path.child("resources"))
        return errors + securityContext(container.object("securityContext"), path.child("securityContext"))
    }

    private static func ports(_ ports: [Value], _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let itemPath = path.index(index)
            let name = port.text("name")
            if !name.isEmpty {
                let problems = Rules.portName(name, itemPath.child("name"))
                if problems.isEmpty, !names.insert(name).inserted {
                    errors.append(Rules.duplicate(itemPath.child("name"), .string(name)))
                }
                errors += problems
            }
            let number = port.number("containerPort") ?? 0
            errors +=
                number == 0
                ? [Rules.required(itemPath.child("containerPort"))]
                : Rules.portNumber(number, itemPath.child("containerPort"))
            if let hostPort = port.number("hostPort"), hostPort != 0 {
                errors += Rules.portNumber(hostPort, itemPath.child("hostPort"))
            }
            errors += Rules.choice(port.text("protocol"), itemPath.child("protocol"), of: Rules.transports)
        }
        return errors
    }

    private static func hostPortConflicts(_ containers: [Value], _ path: FieldPath) -> [FieldError] {
        var taken: Set<String> = []
        var errors: [FieldError] = []
        for (position, container) in containers.enumerated() {
            for (index, port) in container.items("ports").enumerated() {
                guard let number = port.number("hostPort"), number != 0 else { continue }
                let key = "\(port.text("protocol"))/\(port.text("hostIP"))/\(number)"
                guard !taken.insert(key).inserted else { continue }
                let portPath = path.index(position).child("ports").index(index).child("hostPort")
                errors.append(Rules.duplicate(portPath, .string(key)))
            }
        }
        return errors
    }

    private static func securityContext(_ context: Value?, _ path: FieldPath) -> [FieldError] {
        guard let context else { return [] }
        var errors: [FieldError] = []
        for key in ["runAsUser", "runAsGroup"] {
            errors += Rules.range(context[key], path.child(key), 0...Int(Int32.max))
        }
        if context["allowPrivilegeEscalation"]?.bool == false, context.flag("privileged") {
            errors.append(
                Rules.invalid(
                    path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"))
        }
        return errors
    }
}
