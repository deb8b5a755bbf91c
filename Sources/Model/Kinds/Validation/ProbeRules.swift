internal import ObjectModel

/// The rules of probes and lifecycle hooks.
enum ProbeRules {
    static func probes(of container: Value, _ path: FieldPath) -> [FieldError] {
        var errors: [FieldError] = []
        for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard let value = container.object(key) else { continue }
            let probePath = path.child(key)
            errors += probe(value, probePath)
            if key == "readinessProbe" {
                if let seconds = value["terminationGracePeriodSeconds"], !seconds.isNull {
                    errors.append(
                        Rules.invalid(
                            probePath.child("terminationGracePeriodSeconds"), seconds,
                            "must not be set for readinessProbes"))
                }
            } else if let threshold = value.number("successThreshold"), threshold != 1 {
                errors.append(
                    Rules.invalid(probePath.child("successThreshold"), .integer(Int64(threshold)), "must be 1"))
            }
        }
        return errors
    }

    static func lifecycle(_ lifecycle: Value?, _ path: FieldPath, _ context: PodContext) -> [FieldError] {
        guard let lifecycle else { return [] }
        var errors: [FieldError] = []
        for key in ["postStart", "preStop"] {
            guard let hook = lifecycle.object(key) else { continue }
            errors += handler(hook, kinds: ["exec", "httpGet", "tcpSocket", "sleep"], path.child(key))
            if let seconds = hook.object("sleep")?.number("seconds"),
                seconds < 0 || seconds > context.gracePeriodSeconds
            {
                errors.append(
                    Rules.invalid(
                        path.child(key).child("sleep"), .integer(Int64(seconds)),
                        "must be non-negative and less than terminationGracePeriodSeconds (\(context.gracePeriodSeconds))"
                    ))
            }
        }
        if lifecycle["stopSignal"]?.string != nil, context.osName.isEmpty {
            errors.append(
                Rules.forbidden(
                    path.child("stopSignal"), "may not be set for containers with empty `spec.os.name`"))
        }
        return errors
    }

    private static func probe(_ probe: Value, _ path: FieldPath) -> [FieldError] {
        var errors = handler(probe, kinds: ["exec", "httpGet", "tcpSocket", "grpc"], path)
        for key in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            errors += Rules.nonNegative(probe[key], path.child(key))
        }
        if let seconds = probe.number("terminationGracePeriodSeconds"), seconds <= 0 {
            errors.append(
                Rules.invalid(
                    path.child("terminationGracePeriodSeconds"), .integer(Int64(seconds)), "must be greater than 0"))
        }
        return errors
    }

    private static func handler(_ value: Value, kinds: [String], _ path: FieldPath) -> [FieldError] {
        let given = kinds.filter { value.object($0) != nil }
        guard let first = given.first else { return [Rules.required(path, "must specify a handler type")] }
        return action(value.child(first), kind: first, path.child(first))
            + given.dropFirst().map { Rules.forbidden(path.child($0), "may not specify more than 1 handler type") }
    }

    private static func action(_ action: Value, kind: String, _ path: FieldPath) -> [FieldError] {
        switch kind {
        case "exec":
            return action.texts("command").isEmpty ? [Rules.required(path.child("command"))] : []
        case "httpGet":
            var errors = action.text("path").isEmpty ? [Rules.required(path.child("path"))] : []
            errors += Rules.port(action["port"], path.child("port"))
            if !["HTTP", "HTTPS"].contains(action.text("scheme")) {
                errors.append(
                    Rules.unsupported(path.child("scheme"), .string(action.text("scheme")), ["HTTP", "HTTPS"]))
            }
            return errors + action.items("httpHeaders").flatMap { headerName($0.text("name"), path) }
        case "tcpSocket", "grpc": return Rules.port(action["port"], path.child("port"))
        default: return []
        }
    }

    private static func headerName(_ name: String, _ path: FieldPath) -> [FieldError] {
        let isRight =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
            }
        guard !isRight else { return [] }
        return [
            Rules.invalid(
                path.child("httpHeaders"), .string(name),
                "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used "
                    + "for validation is '[-A-Za-z0-9]+')")
        ]
    }
}
