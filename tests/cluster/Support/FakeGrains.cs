using System.Reflection;
using Orleans;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>Grains without a cluster, whose calls a test answers.</summary>
public class FakeGrains : DispatchProxy
{
    private Func<string, MethodInfo, object?[], object?> _answer = null!;

    // Null for the factory.
    private string? _key;

    /// <summary>Creates a factory.</summary>
    /// <param name="answer">Returns what a method of the grain with a key returns.</param>
    public static IGrainFactory Create(Func<string, MethodInfo, object?> answer) => Create((key, method, _) => answer(key, method));

    /// <summary>Creates a factory.</summary>
    /// <param name="answer">Returns what a method of the grain with a key returns for arguments.</param>
    public static IGrainFactory Create(Func<string, MethodInfo, object?[], object?> answer) => (IGrainFactory)Create(typeof(IGrainFactory), null, answer);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _key is null ? Create(targetMethod!.ReturnType, (string)args![0]!, _answer) : _answer(_key, targetMethod!, args ?? []);

    private static object Create(Type type, string? key, Func<string, MethodInfo, object?[], object?> answer)
    {
        object proxy = Create(type, typeof(FakeGrains));
        FakeGrains grain = (FakeGrains)proxy;
        (grain._key, grain._answer) = (key, answer);
        return proxy;
    }
}
