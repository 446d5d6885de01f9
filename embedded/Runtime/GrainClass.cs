using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Orleans.Runtime;

/// <summary>A grain class: what its attributes say, and how to make one.</summary>
internal sealed class GrainClass(Type type)
{
    private static readonly ConcurrentDictionary<(Type, string?), GrainClass> ByInterface = new();

    public GrainType Name { get; } = GrainType.Create(type.GetCustomAttribute<GrainTypeAttribute>()?.Name ?? DefaultName(type));

    public Type[] Interfaces { get; } = [.. type.GetInterfaces().Where(i => typeof(IGrain).IsAssignableFrom(i) && i.Assembly != typeof(IGrain).Assembly)];

    public PlacementStrategy Placement { get; } = type.GetCustomAttribute<PlacementAttribute>()?.PlacementStrategy ?? RandomPlacement.Singleton;

    public bool Reentrant { get; } = type.IsDefined(typeof(ReentrantAttribute));

    public bool KeepAlive { get; } = type.IsDefined(typeof(KeepAliveAttribute));

    /// <summary>The class behind an interface.</summary>
    /// <exception cref="ArgumentException">There is none, or more than one.</exception>
    public static GrainClass Of(Type interfaceType, string? classPrefix = null) =>
        ByInterface.TryGetValue((interfaceType, classPrefix), out var known) ? known : ByInterface.GetOrAdd((interfaceType, classPrefix), Search(interfaceType, classPrefix));

    /// <summary>Makes the grain of an activation; constructor parameters are its states, its context and services.</summary>
    public object Create(Activation activation)
    {
        var constructor = type.GetConstructors().MaxBy(static c => c.GetParameters().Length)
            ?? throw new OrleansException($"{type} has no public constructor.");
        return constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, [.. constructor.GetParameters().Select(p => Argument(activation, p))], null);
    }

    private static object? Argument(Activation activation, ParameterInfo parameter)
    {
        var services = activation.ActivationServices;
        var wanted = parameter.ParameterType;
        if (wanted == typeof(IGrainContext)) return activation;
        if (parameter.GetCustomAttribute<PersistentStateAttribute>() is { } state)
            return Activator.CreateInstance(typeof(PersistentState<>).MakeGenericType(wanted.GetGenericArguments()), activation, state);
        var service = parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is { } keyed
            ? ((IKeyedServiceProvider)services).GetKeyedService(wanted, keyed.Key)
            : services.GetService(wanted);
        if (service is null && !parameter.HasDefaultValue)
            throw new InvalidOperationException($"Unable to resolve {wanted} for the constructor of {parameter.Member.DeclaringType}.");
        return service ?? parameter.DefaultValue;
    }

    private static GrainClass Search(Type interfaceType, string? classPrefix)
    {
        var own = typeof(GrainClass).Assembly.GetName().Name;
        var found = AppDomain.CurrentDomain.GetAssemblies()
            .Where(a => !a.IsDynamic && a.GetReferencedAssemblies().Any(r => r.Name == own))
            .SelectMany(static a => a.GetTypes())
            .Where(t => t is { IsClass: true, IsAbstract: false, ContainsGenericParameters: false } && interfaceType.IsAssignableFrom(t)
                && typeof(IGrain).IsAssignableFrom(t) && (classPrefix is null || t.FullName!.StartsWith(classPrefix, StringComparison.Ordinal))
                && !t.IsAssignableTo(typeof(GrainReference)))
            .ToArray();
        return found.Length == 1
            ? new(found[0])
            : throw new ArgumentException(found.Length == 0
                ? $"Could not find an implementation for interface {interfaceType}."
                : $"Interface {interfaceType} has several implementations: {string.Join(", ", found.Select(static t => t.FullName))}. Give a class name prefix.");
    }

    private static string DefaultName(Type type)
    {
        var name = type.Name;
        return (name.EndsWith("Grain", StringComparison.Ordinal) && name.Length > 5 ? name[..^5] : name).ToLowerInvariant();
    }
}
