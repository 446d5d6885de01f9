using System.Globalization;
using HunyuanOrleans.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace HunyuanOrleans.Cli.Watching;

/// <summary>Renders a sample of <c>top</c>: the scheduler's figures, a table of silos, and a heat map of the load of the experts.</summary>
internal static class TopView
{
    private const string Shades = " .:-=+*#%@";

    /// <summary>Renders one sample.</summary>
    public static IRenderable Of(TopResult top)
    {
        List<IRenderable> parts = [new Markup(CreateHeader(top)), CreateSiloTable(top)];
        if (top.ExpertTokens.Length > 0)
        {
            parts.Add(new Spectre.Console.Text("Tokens by layer (down) and expert (across); the darkest cell is the largest number of a layer:"));
            parts.Add(new Markup(string.Join('\n', top.ExpertTokens.Select(CreateHeatMapRow))));
        }

        return new Rows(parts);
    }

    private static string CreateHeader(TopResult top)
    {
        string state = top.Problem is null ? "[green]ready[/]" : $"[red]{Markup.Escape(top.Problem)}[/]";
        if (top.Loading is { } loading)
        {
            string rest = loading.SecondsLeft is { } seconds ? $", about {Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture)} s left" : "";
            state += $", {Units.Bytes(loading.TotalBytes - loading.BytesLeft)} of {Units.Bytes(loading.TotalBytes)} loaded{rest}";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Markup.Escape(top.Model)}: {state}. Scheduler on {Markup.Escape(top.Home)}. {top.AnswerTokensPerSecond:0.0} tokens/s, {top.Running} running, {top.Waiting} waiting, ")
            + string.Create(CultureInfo.InvariantCulture, $"KV {top.KvUsed} of {top.KvBlocks} blocks, {top.Retries} steps sent again, {top.Replays} answers replayed.");
    }

    private static Table CreateSiloTable(TopResult top)
    {
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumns("silo", "holds", "weights", "to load", "KV", "sessions", "steps");
        foreach (TopSilo silo in top.Silos)
        {
            string holds = silo.Answers ? Markup.Escape(silo.Holds) : $"[red]{Markup.Escape(silo.Holds)}[/]";
            table.AddRow(
                Markup.Escape(silo.Name), holds, Units.Bytes(silo.WeightBytes), Units.Bytes(silo.BytesLeft), Units.Bytes(silo.KvBytes),
                silo.Sessions.ToString(CultureInfo.InvariantCulture), silo.Steps.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    // A cell shows its load by character and by colour, so the map is readable without colours.
    private static string CreateHeatMapRow(long[] experts, int layer)
    {
        long most = Math.Max(1, experts.Max());
        IEnumerable<string> cells = experts.Select(tokens =>
        {
            int heat = (int)(tokens * (Shades.Length - 1) / most);
            return $"[rgb({80 + (heat * 19)},{80 + (heat * 4)},80)]{new string(Shades[heat], 2)}[/]";
        });
        return $"{layer,4} {string.Concat(cells)}";
    }
}
