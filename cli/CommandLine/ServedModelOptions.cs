using System.CommandLine;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>What verbs that serve a model in this process share, besides the options of <see cref="ComputeSettings"/>.</summary>
internal static class ServedModelOptions
{
    /// <summary>--served-model-name: the name of the model in requests.</summary>
    public static readonly Option<string?> Name = new("--served-model-name")
    {
        Description = "The name that requests use for the model in this process. [default: the name of its folder]",
        HelpName = "NAME",
    };

    /// <summary>The model of the command line. Its weights are loaded when the server starts.</summary>
    public static LocalModelOptions Read(ParseResult parsed)
    {
        LocalModelOptions model = new(SharedOptions.ModelFolder(parsed))
        {
            Loading = ComputeSettings.Read(parsed),
            Scheduler = ComputeSettings.Scheduler(parsed),
            Loader = ModelLoading.Load,
        };
        return parsed.GetValue(Name) is { Length: > 0 } name ? model with { Name = name } : model;
    }
}
