using HunyuanOrleans.Model.Tokenization;
namespace HunyuanOrleans.Cli.CommandLine;
internal static class ChatPrompt { public static int[] Encode(string f, Tokenizer t, object m) => []; public static object ReadMessages(string p) => p; }
