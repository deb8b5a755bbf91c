package import ControllerRuntime
package import Kinds
internal import ObjectModel

extension DNSServer {
    /// Keeps the zone like the caches: each change of a Service or of its slices is in the next answer. Before the caches
    /// are fed.
    package func follow(services: ObjectCache<ServiceView>, slices: ObjectCache<EndpointSliceView>) {
        services.onChange { [self] change in
            update { $0.setService(change.latest.key, change.new?.view) }
        }
        slices.onChange { [self] change in
            if let old = change.old, let former = old.service, former != change.new?.service {
                update { $0.setSlice(old.key.name, of: former, nil) }
            }
            if let new = change.new, let service = new.service {
                update { $0.setSlice(new.key.name, of: service, new.view) }
            }
        }
    }
}

extension CachedObject where View == EndpointSliceView {
    /// The Service the slice belongs to; nil for one that belongs to none.
    fileprivate var service: NamespacedName? {
        view.serviceName.map { NamespacedName(namespace: key.namespace, name: $0) }
    }
}
