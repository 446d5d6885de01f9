using System.Collections.Concurrent;
using System.Reflection;
using HunyuanOrleans.Contracts.Grains;
using Orleans.Serialization.Invocation;

namespace HunyuanOrleans.Grains.Access;

/// <summary>
/// Which calls clients may make: methods marked with <see cref="ClientCallableAttribute"/>, and those calls by which Orleans' own client learns the
/// grains' types, reads asynchronous enumerations and cancels its calls.
/// </summary>
internal static class ClientCalls
{
    private static readonly Type Enumerations = typeof(IAsyncEnumerableGrainExtension);

    // Both interfaces are internal. A version of Orleans without them fails here, when the first silo starts, and not by refusing calls.
    private static readonly Type
        Cancellations = Type.GetType("Orleans.Runtime.IGrainCallCancellationExtension, Orleans.Core", throwOnError: true)!,
        Manifests = Type.GetType("Orleans.Runtime.IClusterManifestSystemTarget, Orleans.Core", throwOnError: true)!;

    private static readonly ConcurrentDictionary<MethodInfo, bool> Marked = [];

    /// <summary>True for a caller that is connected to a gateway, and for one that cannot be told. False for grains, for the parts of silos, and for the clients in silos' own processes.</summary>
    /// <remarks>A client cannot name another source than itself: see <see cref="ClientIdentityMiddleware"/>.</remarks>
    /// <param name="source">The caller.</param>
    public static bool IsClient(GrainId? source) => source is not { } id || (id.IsClient() && !IsHosted(id.Key.AsSpan()));

    /// <summary>True for the key of the client in a silo's own process, which connects to no gateway.</summary>
    /// <param name="key">The key of a client's id.</param>
    public static bool IsHosted(ReadOnlySpan<byte> key) => key.StartsWith("hosted-"u8);

    /// <summary>True if a client may make the call.</summary>
    /// <param name="request">The call.</param>
    /// <param name="source">The client.</param>
    public static bool IsAllowed(IInvokable request, GrainId? source)
    {
        Type type = request.GetInterfaceType();
        if (type == Enumerations)
        {
            // Later calls name an enumeration by a number that only its reader knows.
            return request.GetMethod().Name is nameof(IAsyncEnumerableGrainExtension.MoveNext) or nameof(IAsyncEnumerableGrainExtension.DisposeAsync)
                || (EnumerationOf(request) is { } enumeration && IsMarked(enumeration.GetMethod()));
        }

        return type == Cancellations ? request.GetArgument(0) is GrainId canceller && canceller == source
            : type == Manifests || IsMarked(request.GetMethod());
    }

    /// <summary>The called method as log and errors name it.</summary>
    /// <param name="request">The call.</param>
    public static string NameOf(IInvokable request)
    {
        IInvokable called = request.GetInterfaceType() == Enumerations ? EnumerationOf(request) ?? request : request;
        return $"{called.GetInterfaceType().Name}.{called.GetMethodName()}";
    }

    // The method that starts an enumeration gets the call of the grain's method as an argument.
    private static IInvokable? EnumerationOf(IInvokable request) =>
        request.GetMethod().Name == nameof(IAsyncEnumerableGrainExtension.StartEnumeration) ? request.GetArgument(1) as IInvokable : null;

    private static bool IsMarked(MethodInfo method) => Marked.GetOrAdd(method, static m => m.IsDefined(typeof(ClientCallableAttribute)));
}
