return await HunyuanOrleans.Silo.Hosting.SiloHost.RunAsync(args);
