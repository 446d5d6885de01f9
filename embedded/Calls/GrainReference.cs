using System.Reflection;

namespace Orleans.Runtime;

/// <summary>A reference to a grain: it implements the grain's interface and turns each call into a message.</summary>
public abstract class GrainReference : DispatchProxy, IAddressable, IEquatable<GrainReference>
{
    internal CallSource Home { get; private set; } = null!;

    internal GrainClass Class { get; private set; } = null!;

    internal Type Interface { get; private set; } = null!;

    /// <summary>The grain's identity.</summary>
    public GrainId GrainId { get; private set; }

    /// <summary>The interface calls go through.</summary>
    public GrainInterfaceType InterfaceType => GrainInterfaceType.Create(Interface.FullName!);

    internal static GrainReference Create(CallSource home, GrainClass grainClass, GrainId id, Type interfaceType)
    {
        var reference = (GrainReference)DispatchProxy.Create(interfaceType, typeof(GrainProxy));
        (reference.Home, reference.Class, reference.GrainId, reference.Interface) = (home, grainClass, id, interfaceType);
        return reference;
    }

    internal GrainReference As(Type interfaceType) => Create(Home, Class, GrainId, interfaceType);

    /// <summary>The same reference as its receiver would have made it: calls through it leave from the receiver's side.</summary>
    internal static object? Received(object? value, CallSource receiver) =>
        value is GrainReference reference && reference.Home != receiver
            ? Create(receiver, reference.Class, reference.GrainId, reference.Interface)
            : value;

    /// <inheritdoc/>
    protected sealed override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        MethodPlan.Of(targetMethod!).Call(this, RuntimeContext.Current?.Silo ?? Home, args ?? []);

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && GrainId == other.GrainId;

    /// <inheritdoc/>
    public sealed override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public sealed override int GetHashCode() => GrainId.GetHashCode();

    /// <inheritdoc/>
    public sealed override string ToString() => $"GrainReference:{GrainId}";
}

internal class GrainProxy : GrainReference;
