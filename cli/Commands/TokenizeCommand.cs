using System.CommandLine;
namespace HunyuanOrleans.Cli.Commands;
internal static class TokenizeCommand { public static Command Create() { var c = new Command("tokenize", "x") { CommandLine.SharedOptions.Model, CommandLine.SharedOptions.Threads, CommandLine.SharedOptions.Ids }; c.SetAction(p => 0); return c; } }
