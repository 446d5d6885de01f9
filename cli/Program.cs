using System.CommandLine;
using System.Text;
using HunyuanOrleans.Cli.CommandLine;

// Always UTF-8: the answers are mostly Chinese, and a pipe has no locale.
UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
using StreamWriter output = new(Console.OpenStandardOutput(), utf8, bufferSize: 16 * 1024) { AutoFlush = !Console.IsOutputRedirected };
using StreamWriter error = new(Console.OpenStandardError(), utf8) { AutoFlush = true };
return await CommandLineRunner.RunAsync(args, new InvocationConfiguration { Output = output, Error = error });
