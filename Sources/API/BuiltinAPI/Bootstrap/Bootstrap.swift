package import APIProtocol
internal import Kinds
internal import ObjectModel

/// Puts in place what every cluster has from its first moment. It may run at every start: what is there stays, and what
/// depends on the settings (the addresses behind the API's and the DNS Service) is brought up to date.
package struct Bootstrap: Sendable {
    private let client: APIClient
    private let settings: BootstrapSettings

    /// A bootstrap through `client`, which must be allowed everything.
    package init(_ client: APIClient, _ settings: BootstrapSettings) {
        self.client = client
        self.settings = settings
    }

    /// Makes what is missing. Throws the first failure; running again goes on from there.
    package func run() async throws(APIError) {
        for name in BootstrapObjects.namespaces {
            try await ensure(.namespaces, BootstrapObjects.namespace(name))
        }
        try await ensure(.storageClasses, BootstrapObjects.storageClass)
        try await ensureService(BootstrapObjects.apiService(settings))
        try await ensureService(BootstrapObjects.dnsService(settings))
        try await ensure(.endpoints, BootstrapObjects.apiEndpoints(settings), keeping: ["subsets"])
        let sliceFields = ["endpoints", "ports"]
        try await ensure(.endpointSlices, BootstrapObjects.apiSlice(settings), keeping: sliceFields)
        try await ensure(.endpointSlices, BootstrapObjects.dnsSlice(settings), keeping: sliceFields)
    }

    /// Makes the object when it is missing; of one that is there, makes `fields` as they should be.
    private func ensure(
        _ resource: APIResource, _ object: Value, keeping fields: [String] = []
    ) async throws(APIError) {
        do throws(APIError) {
            _ = try await client.create(resource, object)
            return
        } catch {
            guard error.alreadyExists else { throw error }
        }
        guard !fields.isEmpty else { return }
        var patch = Value.emptyObject
        for field in fields { patch[field] = object[field] }
        _ = try await client.patch(resource, namespace: object.namespace, name: object.name, patch)
    }

    /// A Service whose address lies elsewhere (the range was changed) is made anew, since addresses do not change.
    private func ensureService(_ service: Value) async throws(APIError) {
        do throws(APIError) {
            let current = try await client.get(.services, namespace: service.namespace, name: service.name)
            if current["spec"]?["clusterIP"] != service["spec"]?["clusterIP"] {
                try await client.delete(.services, namespace: service.namespace, name: service.name)
            }
        } catch {
            guard error.isNotFound else { throw error }
        }
        let patch: Value = ["spec": ["ports": service["spec"]?["ports"] ?? []]]
        do throws(APIError) {
            _ = try await client.create(.services, service)
        } catch {
            guard error.alreadyExists else { throw error }
            _ = try await client.patch(.services, namespace: service.namespace, name: service.name, patch)
        }
    }
}
