package import ObjectModel

/// A container of a pod's spec (or of a template).
package struct ContainerView: Sendable, Hashable {
    /// Its name, unique in the pod.
    package let name: String
    /// The image.
    package let image: String
    /// `Always`, `IfNotPresent` or `Never`.
    package let imagePullPolicy: String
    /// The entry point; empty means the image's.
    package let command: [String]
    /// The arguments; empty means the image's.
    package let arguments: [String]
    /// The working directory; empty means the image's.
    package let workingDirectory: String
    /// `env` as JSON: value or valueFrom.
    package let environment: [Value]
    /// `envFrom` as JSON.
    package let environmentSources: [Value]
    /// The ports.
    package let ports: [ContainerPortView]
    /// The mounts.
    package let volumeMounts: [VolumeMountView]
    /// `volumeDevices` as JSON.
    package let volumeDevices: [Value]
    /// What it asks for.
    package let requests: [String: Quantity]
    /// What it may use at most.
    package let limits: [String: Quantity]
    /// The probes.
    package let readinessProbe: ProbeView?
    /// The probe whose failure restarts the container.
    package let livenessProbe: ProbeView?
    /// The probe that must succeed before the others run.
    package let startupProbe: ProbeView?
    /// `lifecycle` as JSON: postStart, preStop, stopSignal.
    package let lifecycle: Value?
    /// `securityContext` as JSON.
    package let securityContext: Value?
    /// Whether standard input is kept open.
    package let stdin: Bool
    /// Whether standard input closes after the first client.
    package let stdinOnce: Bool
    /// Whether it gets a terminal.
    package let tty: Bool
    /// The file that holds its last words.
    package let terminationMessagePath: String
    /// `File` or `FallbackToLogsOnError`.
    package let terminationMessagePolicy: String
    /// The container's own restart policy; `Always` makes an init container a sidecar.
    package let restartPolicy: String

    /// Reads one entry of `spec.containers` or `spec.initContainers`.
    package init(_ value: Value) {
        name = value.text("name")
        image = value.text("image")
        imagePullPolicy = value.text("imagePullPolicy")
        command = value.texts("command")
        arguments = value.texts("args")
        workingDirectory = value.text("workingDir")
        environment = value.items("env")
        environmentSources = value.items("envFrom")
        ports = value.items("ports").map { ContainerPortView($0) }
        volumeMounts = value.items("volumeMounts").map { VolumeMountView($0) }
        volumeDevices = value.items("volumeDevices")
        requests = value.child("resources").quantities("requests")
        limits = value.child("resources").quantities("limits")
        readinessProbe = value.object("readinessProbe").map { ProbeView($0) }
        livenessProbe = value.object("livenessProbe").map { ProbeView($0) }
        startupProbe = value.object("startupProbe").map { ProbeView($0) }
        lifecycle = value.object("lifecycle")
        securityContext = value.object("securityContext")
        stdin = value.flag("stdin")
        stdinOnce = value.flag("stdinOnce")
        tty = value.flag("tty")
        terminationMessagePath = value.text("terminationMessagePath")
        terminationMessagePolicy = value.text("terminationMessagePolicy")
        restartPolicy = value.text("restartPolicy")
    }

    /// Whether this is an init container that keeps running beside the others.
    package var isRestartable: Bool { restartPolicy == "Always" }
}

/// A port that a container opens.
package struct ContainerPortView: Sendable, Hashable {
    /// Its name; may be empty.
    package let name: String
    /// The port in the container.
    package let containerPort: Int
    /// The port on the node; 0 when none.
    package let hostPort: Int
    /// The address on the node; empty means all.
    package let hostIP: String
    /// `TCP`, `UDP` or `SCTP`.
    package let transport: String

    /// Reads one entry of `ports`.
    package init(_ value: Value) {
        name = value.text("name")
        containerPort = value.number("containerPort") ?? 0
        hostPort = value.number("hostPort") ?? 0
        hostIP = value.text("hostIP")
        transport = value["protocol"]?.string ?? "TCP"
    }
}

/// Where a volume appears in a container.
package struct VolumeMountView: Sendable, Hashable {
    /// The volume's name.
    package let name: String
    /// The path in the container.
    package let mountPath: String
    /// The path in the volume; empty means its root.
    package let subPath: String
    /// As subPath, with `$(VAR)` of the container's environment.
    package let subPathExpression: String
    /// Whether writes fail.
    package let readOnly: Bool
    /// `None`, `HostToContainer` or `Bidirectional`; empty means None.
    package let mountPropagation: String

    /// Reads one entry of `volumeMounts`.
    package init(_ value: Value) {
        name = value.text("name")
        mountPath = value.text("mountPath")
        subPath = value.text("subPath")
        subPathExpression = value.text("subPathExpr")
        readOnly = value.flag("readOnly")
        mountPropagation = value.text("mountPropagation")
    }
}
