using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// The router of a range of layers, on the silo of its attention shard and with the same key. It sends each expert group one message with all of
/// the group's rows, computes the shared expert meanwhile, and gathers the outputs.
/// </summary>
[Alias("hunyuan.IRouterGrain")]
public interface IRouterGrain : IGrainWithStringKey
{
    /// <summary>Sets the expert table of a route. The tables of the last few routes are kept.</summary>
    [Alias("SetTableAsync")]
    Task SetTableAsync(RouterTable table);

    /// <summary>
    /// Fetches the expert outputs of the layer whose rows the shard's step has routed. Only the shard on the same silo calls this: rows do not
    /// travel in this call.
    /// </summary>
    /// <param name="epoch">Epoch of the step.</param>
    /// <param name="number">Number of the step. A call that arrives late or twice changes nothing.</param>
    /// <param name="version">Version of the route.</param>
    /// <param name="layer">The layer.</param>
    /// <returns>True once the outputs are there; false if that takes longer than a call should, and the same call must be made again.</returns>
    /// <exception cref="StaleStepException">The shard is at another step or layer.</exception>
    /// <exception cref="ExpertsUnavailableException">An expert group cannot be reached; the message names it.</exception>
    [Alias("DispatchAsync")]
    Task<bool> DispatchAsync(long epoch, long number, long version, int layer);
}
