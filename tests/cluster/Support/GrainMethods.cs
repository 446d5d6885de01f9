using System.Reflection;
using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Contracts;
using Orleans;

namespace HunyuanOrleans.Cluster.Tests.Support;

/// <summary>The methods of all grain interfaces of the product.</summary>
internal static class GrainMethods
{
    public static MethodInfo[] All { get; } =
    [
        .. new[] { typeof(IModelGrain).Assembly, typeof(IAttentionShardGrain).Assembly }
            .SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type) && type.Namespace!.StartsWith("HunyuanOrleans", StringComparison.Ordinal))
            .SelectMany(static type => type.GetMethods()),
    ];

    /// <summary>Calls a method with default values, and reads the enumeration if it returns one.</summary>
    public static async Task CallAsync(object grain, MethodInfo method)
    {
        object result = method.Invoke(grain, [.. method.GetParameters().Select(static parameter =>
            parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null)])!;
        if (result is Task task)
        {
            await task;
            return;
        }

        Type item = method.ReturnType.GetGenericArguments().Single();
        await (Task)typeof(GrainMethods).GetMethod(nameof(ReadAsync), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item).Invoke(null, [result])!;
    }

    private static async Task ReadAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (T _ in items)
        {
        }
    }
}
