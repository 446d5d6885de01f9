using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Grains.Execution;
using HunyuanOrleans.Grains.Messages;
using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>The calls of the scheduler to silos about adapters.</summary>
/// <param name="model">Name of the model.</param>
/// <param name="view">The silos of the cluster.</param>
/// <param name="logger">Receives failures.</param>
/// <param name="time">The clock.</param>
internal sealed class AdapterCalls(string model, ClusterView view, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Exchanges records with a silo.</summary>
    /// <param name="member">The silo.</param>
    /// <param name="version">Version of the records.</param>
    /// <param name="records">All records.</param>
    /// <returns>The silo with its report, or as it was if it does not answer.</returns>
    public async Task<AdapterMember> ExchangeAsync(AdapterMember member, long version, AdapterRecord[] records)
    {
        try
        {
            return await view.Silo(member.Name).SyncAdaptersAsync(model, records).WaitAsync(CallTimeout, time) is { } report
                ? member with { Version = version, Report = report, IsReading = false }
                : member with { IsReading = true };
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The silo has gone, or its version has no adapters.
            AdapterLog.NotExchanged(logger, member.Name, model, fault.Message);
            return member with { IsReading = false };
        }
    }

    /// <summary>Lets a silo check an adapter, and waits as long as it reads it.</summary>
    public async Task<AdapterCheck> CheckAsync(AdapterMember member, AdapterRecord candidate)
    {
        try
        {
            while (true)
            {
                if (await view.Silo(member.Name).CheckAdapterAsync(model, candidate) is { } check)
                {
                    return check;
                }
            }
        }
        catch (Exception fault) when (TransientErrors.IsTransient(fault))
        {
            return new AdapterCheck("", 0, "it does not answer; try again when it has left the cluster.");
        }
    }

    /// <summary>Lets a silo check an adapter.</summary>
    /// <returns>What it finds; null if it is still reading, or does not answer.</returns>
    public async Task<AdapterCheck?> TryCheckAsync(AdapterMember member, AdapterRecord candidate)
    {
        try
        {
            return await view.Silo(member.Name).CheckAdapterAsync(model, candidate).WaitAsync(CallTimeout, time);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            AdapterLog.NotExchanged(logger, member.Name, model, fault.Message);
            return null;
        }
    }
}
