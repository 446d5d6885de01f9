using HunyuanOrleans.Grains.Messages;

namespace HunyuanOrleans.Grains.Contracts;

/// <summary>
/// The router of a range of layers, on the silo of its attention shard and with the same key: sends each expert group one message with all of
/// its rows, has the shared expert computed meanwhile, and gathers.
/// </summary>
public interface IRouterGrain : IGrainWithStringKey
{
    /// <summary>Says where experts are for a route. The tables of the last few routes are kept.</summary>
    Task SetTableAsync(RouterTable table);

    /// <summary>
    /// Brings back the expert outputs of the layer whose rows the shard's step has routed. For the shard beside it only: rows do not travel in
    /// this call.
    /// </summary>
    /// <param name="epoch">The step's epoch.</param>
    /// <param name="number">The step's number. A call that comes late or twice changes nothing.</param>
    /// <param name="version">The route.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="cancellationToken">Gives the step up.</param>
    /// <exception cref="StaleStepException">The shard is at another step or layer.</exception>
    /// <exception cref="ExpertsUnavailableException">An expert group cannot be reached; the message says where.</exception>
    [ResponseTimeout("01:00:00")]
    Task DispatchAsync(long epoch, long number, long version, int layer, CancellationToken cancellationToken);
}
