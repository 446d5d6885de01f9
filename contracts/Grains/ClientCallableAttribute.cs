namespace HunyuanOrleans.Contracts.Grains;

/// <summary>
/// Marks a grain method that clients of a cluster may call. All other methods are for silos alone: a silo refuses them with a
/// <see cref="CallRefusedException"/> if the caller is connected to a gateway.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientCallableAttribute : Attribute;
