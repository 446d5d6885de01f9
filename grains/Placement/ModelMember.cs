namespace HunyuanOrleans.Grains.Placement;

/// <summary>An active silo that was started with a model.</summary>
/// <param name="Name">The silo's name.</param>
/// <param name="Address">The silo's address. Its generation tells when the silo started.</param>
/// <param name="Computes">False for a gateway, which holds no part of the model.</param>
/// <param name="Identity">What the silo announces of the model.</param>
internal sealed record ModelMember(string Name, SiloAddress Address, bool Computes, ModelIdentity Identity)
{
    /// <summary>
    /// The silo whose model counts; null if there is none. It has the identity that most silos match, so that a silo with other files does not decide
    /// what the cluster computes, whichever silo runs the scheduler. If two identities have as many silos, the one of the oldest silo counts.
    /// Of the silos with that identity it is the oldest. All silos that know the same members make the same choice.
    /// </summary>
    public static ModelMember? Reference(IReadOnlyCollection<ModelMember> members)
    {
        IGrouping<string, ModelMember>[] groups = [.. members.GroupBy(static member => member.Identity.Text)];
        ModelMember[] oldest =
        [
            .. from silos in groups
               let computing = silos.Where(static silo => silo.Computes).ToArray()
               where computing.Length > 0 || !members.Any(static member => member.Computes)
               select (computing.Length > 0 ? computing : silos.AsEnumerable())
                   .OrderBy(static silo => silo.Address.Generation).ThenBy(static silo => silo.Name, StringComparer.Ordinal).First(),
        ];
        return oldest
            .OrderByDescending(candidate => groups.Where(silos => silos.First().Identity.Matches(candidate.Identity)).Sum(static silos => silos.Count()))
            .ThenBy(static candidate => candidate.Address.Generation)
            .ThenBy(static candidate => candidate.Name, StringComparer.Ordinal)
            .FirstOrDefault();
    }

    /// <summary>Why a silo does not share a model with the cluster, as one line; null if it does.</summary>
    /// <param name="identity">The silo's identity.</param>
    /// <param name="reference">The silo whose model counts.</param>
    public static string? Difference(ModelIdentity identity, ModelMember reference) => identity.Matches(reference.Identity)
        ? null
        : $"differs from silo {reference.Name}: {identity.DifferencesFrom(reference.Identity)}";
}
