using System.CommandLine;
using HunyuanOrleans.Cli.Commands;

namespace HunyuanOrleans.Cli.CommandLine;

/// <summary>Assembles the root command with all verbs.</summary>
internal static class CommandTree
{
    /// <summary>Creates the root command.</summary>
    public static RootCommand Create()
    {
        RootCommand root = new("Runs Tencent Hunyuan models on this machine or on a cluster.")
        {
            GenerateCommand.Create(),
            ChatCommand.Create(),
            ServeCommand.Create(),
            LoadCommand.Create(),
            RunBatchCommand.Create(),
            EvalCommand.Create(),
            LogitsCommand.Create(),
            TokenizeCommand.Create(),
            InspectCommand.Create(),
            PullCommand.Create(),
            MakeModelCommand.Create(),
            QuantizeCommand.Create(),
            MergeCommand.Create(),
            ConvertCommand.Create(),
            TrainCommand.Create(),
            BenchCommand.Create(),
            PlanCommand.Create(),
            DrillCommand.Create(),
            SimulateCommand.Create(),
            TopCommand.Create(),
            DevicesCommand.Create(),
        };
        return root;
    }
}
