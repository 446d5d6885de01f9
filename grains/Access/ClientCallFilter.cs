using HunyuanOrleans.Contracts.Grains;
using Orleans.Serialization.Invocation;

namespace HunyuanOrleans.Grains.Access;

/// <summary>
/// Refuses the calls of clients that are for silos alone. It sees calls of every grain and of every part of Orleans in the silo, so a method that nobody
/// thought of is closed.
/// </summary>
/// <param name="log">Gets what was refused.</param>
/// <param name="opened">Interfaces of Orleans that the host opens to clients. None, except in tests.</param>
internal sealed class ClientCallFilter(RefusalLog log, IEnumerable<OpenedInterface> opened) : IIncomingGrainCallFilter
{
    private readonly string[] _opened = [.. opened.Select(static type => type.FullName)];

    /// <inheritdoc/>
    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (!ClientCalls.IsClient(context.SourceId) || ClientCalls.IsAllowed(context.Request, context.SourceId)
            || _opened.Contains(context.Request.GetInterfaceType().FullName))
        {
            return context.Invoke();
        }

        string method = ClientCalls.NameOf(context.Request);
        log.CallRefused(method, context.SourceId);

        // An exception that was thrown would carry the silo's stack to the client.
        context.Response = Response.FromException(new CallRefusedException(
            $"Clients may not call {method}. They may call request and text grains, and the reports of models and silos."));
        return Task.CompletedTask;
    }
}
