package import ObjectModel

/// The object that an address stands for.
package struct ObjectReferenceView: Sendable, Hashable {
    /// Its kind.
    package let kind: String
    /// Its namespace.
    package let namespace: String
    /// Its name.
    package let name: String
    /// Its unique id.
    package let uid: String

    /// Reads an ObjectReference.
    package init(_ value: Value) {
        kind = value.text("kind")
        namespace = value.text("namespace")
        name = value.text("name")
        uid = value.text("uid")
    }
}

/// A port of endpoints.
package struct EndpointPortView: Sendable, Hashable {
    /// The Service port's name; may be empty.
    package let name: String
    /// `TCP`, `UDP` or `SCTP`.
    package let transport: String
    /// The port on the pod; nil means any.
    package let port: Int?
    /// The application's protocol; empty when not told.
    package let appProtocol: String

    /// Reads an EndpointPort.
    package init(_ value: Value) {
        name = value.text("name")
        transport = value["protocol"]?.string ?? "TCP"
        port = value.number("port")
        appProtocol = value.text("appProtocol")
    }
}

/// An EndpointSlice: some of the places where a Service is served.
package struct EndpointSliceView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.endpointSlices
    /// The label that names the Service.
    package static let serviceNameLabel = "kubernetes.io/service-name"
    /// The label that names who writes the slice.
    package static let managedByLabel = "endpointslice.kubernetes.io/managed-by"

    /// One place.
    package struct Endpoint: Sendable, Hashable {
        /// Its addresses; only the first is used.
        package let addresses: [String]
        /// Whether it takes new connections; nil reads as true.
        package let isReady: Bool
        /// Whether it still serves, though it may be terminating; nil reads as `isReady`.
        package let isServing: Bool
        /// Whether it is terminating.
        package let isTerminating: Bool
        /// Its host name below the Service's DNS name; empty when none.
        package let hostname: String
        /// Its node.
        package let nodeName: String
        /// The pod.
        package let target: ObjectReferenceView?

        init(_ value: Value) {
            let conditions = value.child("conditions")
            addresses = value.texts("addresses")
            isReady = conditions["ready"]?.bool ?? true
            isServing = conditions["serving"]?.bool ?? isReady
            isTerminating = conditions.flag("terminating")
            hostname = value.text("hostname")
            nodeName = value.text("nodeName")
            target = value.object("targetRef").map { ObjectReferenceView($0) }
        }
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// `IPv4`, `IPv6` or `FQDN`.
    package let addressType: String
    /// The places.
    package let endpoints: [Endpoint]
    /// The ports, the same at every place.
    package let ports: [EndpointPortView]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        addressType = object.text("addressType")
        endpoints = object.items("endpoints").map { Endpoint($0) }
        ports = object.items("ports").map { EndpointPortView($0) }
    }

    /// The Service it belongs to; nil when its label is absent.
    package var serviceName: String? { metadata.labels[Self.serviceNameLabel] }
}

/// An Endpoints object, the older form of slices.
package struct EndpointsView: ObjectView, Hashable {
    /// The resource whose objects it views.
    package static let resource = APIResource.endpoints

    /// One address.
    package struct Address: Sendable, Hashable {
        /// The address.
        package let ip: String
        /// Its host name below the Service's DNS name; empty when none.
        package let hostname: String
        /// Its node.
        package let nodeName: String
        /// The pod.
        package let target: ObjectReferenceView?

        init(_ value: Value) {
            ip = value.text("ip")
            hostname = value.text("hostname")
            nodeName = value.text("nodeName")
            target = value.object("targetRef").map { ObjectReferenceView($0) }
        }
    }

    /// Addresses that share their ports.
    package struct Subset: Sendable, Hashable {
        /// Ready addresses.
        package let addresses: [Address]
        /// Addresses that are not ready.
        package let notReadyAddresses: [Address]
        /// The ports.
        package let ports: [EndpointPortView]

        init(_ value: Value) {
            addresses = value.items("addresses").map { Address($0) }
            notReadyAddresses = value.items("notReadyAddresses").map { Address($0) }
            ports = value.items("ports").map { EndpointPortView($0) }
        }
    }

    /// Name, labels, owners and times.
    package let metadata: ObjectMetadata
    /// The subsets.
    package let subsets: [Subset]

    /// Reads an object.
    package init(_ object: Value) {
        metadata = ObjectMetadata(object)
        subsets = object.items("subsets").map { Subset($0) }
    }
}
