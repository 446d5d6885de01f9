using System.Collections.Concurrent;
using Orleans.Runtime.Placement;

namespace Orleans.Runtime;

/// <summary>One mailbox, and so at most one activation, for each grain of the cluster.</summary>
internal sealed class GrainDirectory(HunyuanOrleans.Embedded.EmbeddedCluster cluster)
{
    // A director that keeps naming a silo that is not there is asked again for about a second.
    private const int MaxAttempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<GrainId, Mailbox> _mailboxes = new();

    public void Post(Message message)
    {
        var (grainClass, id) = (message.Target.Class, message.Target.GrainId);
        while (true)
        {
            if (grainClass.Placement is StatelessWorkerPlacement)
            {
                if (Near(message.Source) is not { } silo)
                {
                    message.Fail(NoSilo(id));
                    return;
                }
                if (silo.Workers.Choose(this, grainClass, id).TryPost(message)) return;
            }
            else if (_mailboxes.GetOrAdd(id, static (id, a) => new Mailbox(a.Directory, a.Class, id, null), (Directory: this, Class: grainClass)).TryPost(message))
            {
                return;
            }
        }
    }

    public void Remove(Mailbox mailbox)
    {
        if (mailbox.OnlySilo is { } silo) silo.Workers.Remove(mailbox);
        else _mailboxes.TryRemove(new(mailbox.Id, mailbox));
    }

    /// <summary>Finds a silo for the mailbox's grain and activates it there.</summary>
    public void Place(Mailbox mailbox, Message first) => _ = Task.Run(() => PlaceAsync(mailbox, first));

    /// <summary>The silo that the grain's director chooses now, as seen from a silo.</summary>
    public async Task<SiloCore?> ChooseAsync(Mailbox mailbox, SiloCore local, Dictionary<string, object>? context, Message? first = null)
    {
        var target = new PlacementTarget(mailbox.Id, context!, first?.Target.InterfaceType ?? default, 0);
        var strategy = mailbox.Class.Placement;
        var director = local.Services.GetKeyedService<IPlacementDirector>(strategy.GetType())
            ?? throw new OrleansException($"No placement director is registered for {strategy.GetType()}: see AddPlacementDirector.");
        var view = new PlacementContext(local);
        if (view.GetCompatibleSilos(target).Length == 0) throw NoSilo(mailbox.Id);
        RequestContext.Import(context);
        var address = await director.OnAddActivation(strategy, target, view);
        return cluster.Find(address) is { Status: SiloStatus.Active } silo ? silo : null;
    }

    private static SiloUnavailableException NoSilo(GrainId id) => new($"There is no active silo for {id}.");

    private SiloCore? Near(CallSource source) => source.Silo is { Status: SiloStatus.Active } own ? own : cluster.AnySilo();

    private async Task PlaceAsync(Mailbox mailbox, Message? first)
    {
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var near = mailbox.OnlySilo ?? Near(first!.Source) ?? throw NoSilo(mailbox.Id);
                var silo = mailbox.OnlySilo ?? await ChooseAsync(mailbox, near, first!.Context, first);
                if ((first = mailbox.FirstOrClose()) is null) return;
                if (silo is not null && mailbox.TryActivate(silo, null, first.Context)) return;
                if (mailbox.OnlySilo is not null) throw new SiloUnavailableException($"{mailbox.OnlySilo.Address} takes no new activations.");
                if (attempt == MaxAttempts) throw new OrleansMessageRejectionException($"The director of {mailbox.Id} found no silo that is active.");
                await Task.Delay(Pause, near.Time);
            }
        }
        catch (Exception exception)
        {
            mailbox.FailWaiting(exception);
        }
    }
}
